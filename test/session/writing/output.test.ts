import { describe, expect, it } from 'vitest'

import {
  Output,
  outputOf,
  type OutputUser,
  SLAB_BYTES,
} from '../../../src/session/writing/output.ts'
import { toHex } from '../../support/bytes.ts'
import { memoryEnvironment, settled } from '../../support/memory-world.ts'

/** A session that puts bytes in, and says when it was told to write them. */
class User implements OutputUser {
  readonly written: string[] = []
  start = 0
  end = 0
  readonly #output: Output
  readonly #outcome: 'taken' | 'queued'

  constructor(output: Output, outcome: 'taken' | 'queued' = 'taken') {
    this.#output = output
    this.#outcome = outcome
  }

  get size(): number {
    return this.end - this.start
  }

  put(...bytes: number[]): void {
    const output = this.#output
    if (!output.hasRoom(bytes.length)) output.clear(bytes.length)
    output.atEndOfTurn(this)
    this.append(bytes)
  }

  /** Puts bytes in, in a turn that has begun. */
  append(bytes: readonly number[]): void {
    const output = this.#output
    output.enter()
    this.start = output.end
    output.bytes.set(bytes, output.end)
    output.end += bytes.length
    this.end = output.end
  }

  writeOut(): void {
    if (this.start === this.end) return
    this.written.push(toHex(this.#output.stretch(this.start, this.end)))
    this.start = 0
    this.end = 0
    this.#output.leave(this.#outcome)
  }

  endTurn(): void {
    this.written.push('turn')
    this.writeOut()
  }
}

describe('Output', () => {
  it('holds no memory before it is needed', () => {
    const output = new Output(memoryEnvironment())
    expect(output.bytes.length).toBe(0)

    new User(output).put(1)

    expect(output.bytes.length).toBe(131_072)
  })

  it('endTurn() comes once, after the turn, to all who asked for it, in their order', async () => {
    const output = new Output(memoryEnvironment())
    const order: string[] = []
    const user = (name: string): OutputUser => ({
      size: 0,
      writeOut: () => {},
      endTurn: () => void order.push(name),
    })

    output.atEndOfTurn(user('a'))
    output.atEndOfTurn(user('b'))
    expect(order).toEqual([])
    await settled()

    expect(order).toEqual(['a', 'b'])
  })

  it('who comes while a turn ends has the next one', async () => {
    const output = new Output(memoryEnvironment())
    const order: string[] = []
    const late: OutputUser = { size: 0, writeOut: () => {}, endTurn: () => void order.push('late') }

    output.atEndOfTurn({
      size: 0,
      writeOut: () => {},
      endTurn: () => {
        output.atEndOfTurn(late)
        order.push('first')
      },
    })
    await settled()

    expect(order).toEqual(['first', 'late'])
  })

  it('a session that throws at the end of its turn leaves nobody waiting', () => {
    const environment = memoryEnvironment()
    const tasks: (() => void)[] = []
    const output = new Output({
      ...environment,
      deferPastIo: (task, argument) => void tasks.push(() => task(argument)),
    })
    const behind = new User(output)
    const broken: OutputUser = {
      size: 0,
      writeOut: () => {},
      endTurn: () => {
        throw new Error('a bug')
      },
    }
    output.atEndOfTurn(broken)
    behind.put(1)

    expect(() => tasks.shift()?.()).toThrow('a bug')
    expect(behind.written).toEqual([])
    tasks.shift()?.()

    expect(behind.written).toEqual(['turn', '01'])
  })

  it('the stretches of one turn lie behind one another, each its own', async () => {
    const output = new Output(memoryEnvironment())
    const one = new User(output)
    const other = new User(output)
    one.put(1, 2)
    other.put(9)

    await settled()

    expect(one.written).toEqual(['turn', '01 02'])
    expect(other.written).toEqual(['turn', '09'])
  })

  it('leave() gives the same memory to the next turn when all was taken', () => {
    const output = new Output(memoryEnvironment())
    const user = new User(output)
    user.put(1, 2)
    const stretch = output.stretch(user.start, user.end)
    user.writeOut()

    user.put(7)

    expect(toHex(stretch)).toBe('07 02')
    expect(output.end).toBe(1)
  })

  it('leave() leaves bytes alone that a transport keeps', () => {
    const output = new Output(memoryEnvironment())
    const slow = new User(output, 'queued')
    const fast = new User(output)
    fast.put(5)
    slow.put(1, 2)
    const kept = output.stretch(slow.start, slow.end)

    slow.writeOut()
    fast.writeOut()
    fast.put(7, 7, 7)

    expect(toHex(kept)).toBe('01 02')
  })

  it('clear() writes out what is in the way, and takes new memory when that is kept', () => {
    const output = new Output(memoryEnvironment())
    const slow = new User(output, 'queued')
    slow.put(1)
    const first = output.bytes

    output.clear(SLAB_BYTES)

    expect(slow.written).toEqual(['01'])
    expect(output.bytes).not.toBe(first)
    expect(output.end).toBe(0)
    expect(first[0]).toBe(1)
  })

  it('clear() keeps the memory when all was taken', () => {
    const output = new Output(memoryEnvironment())
    new User(output).put(1)
    const first = output.bytes

    output.clear(SLAB_BYTES)

    expect(output.bytes).toBe(first)
    expect(output.end).toBe(0)
  })

  it('clear() writes out what a session answers while another is written', () => {
    const output = new Output(memoryEnvironment())
    const answering = new User(output, 'queued')
    answering.put(1)
    let answers = 0
    output.atEndOfTurn({
      size: 0,
      writeOut: () => {
        if (answers++ === 0) answering.append([2])
      },
      endTurn: () => {},
    })

    output.clear(SLAB_BYTES)

    expect(answering.written).toEqual(['01', '02'])
    expect(answering.size).toBe(0)
  })

  it('clear() reaches those whose turn is just ending, too', async () => {
    const output = new Output(memoryEnvironment())
    const waiting = new User(output)
    output.atEndOfTurn({
      size: 0,
      writeOut: () => {},
      endTurn: () => output.clear(SLAB_BYTES),
    })
    waiting.put(3)

    await settled()

    expect(waiting.written).toEqual(['03', 'turn'])
  })

  it('isRepeated() knows what was appended last, to which stretch, until all have left', () => {
    const output = new Output(memoryEnvironment())
    const users = [new User(output), new User(output)]
    for (const user of users) user.put(1)
    output.remember('x', 0, 0, 1)

    expect(output.isRepeated('x', 0, 0)).toBe(true)
    expect(output.isRepeated('y', 0, 0)).toBe(false)
    expect(output.isRepeated('x', 0, 1)).toBe(false)
    expect([output.repeatedStart, output.repeatedEnd]).toEqual([1, 2])

    for (const user of users) user.writeOut()
    expect(output.isRepeated('x', 0, 0)).toBe(false)
  })

  it('wasSent() knows the payload that was named last, until all have left', () => {
    const output = new Output(memoryEnvironment())
    const user = new User(output)
    user.put(1)

    expect(['x', 'x', 'y', 'x'].map((payload) => output.wasSent(payload))).toEqual([
      false,
      true,
      false,
      false,
    ])
    user.writeOut()
    expect(output.wasSent('x')).toBe(false)
  })
})

describe('Output, at the end of a turn', () => {
  /** An environment whose turns end when the test says so, and says which end was asked for. */
  function open() {
    const tasks: (() => void)[] = []
    const asked: string[] = []
    const schedule =
      (kind: string) =>
      <T>(task: (argument: T) => void, argument: T): void => {
        asked.push(kind)
        tasks.push(() => task(argument))
      }
    const environment = {
      ...memoryEnvironment(),
      defer: schedule('callback'),
      deferPastIo: schedule('I/O'),
    }
    const output = new Output(environment)
    const run = (): void => {
      for (const task of tasks.splice(0)) task()
    }
    return { output, asked, run, clock: environment.clock }
  }

  it('a turn ends when all I/O that was ready has been handled', () => {
    const { output, asked, run } = open()
    const users = [new User(output), new User(output)]
    for (const user of users) user.put(1)
    output.moreToRead()
    expect(asked).toEqual(['I/O'])
    expect(users.map(({ written }) => written)).toEqual([[], []])

    run()

    expect(users.map(({ written }) => written)).toEqual([
      ['turn', '01'],
      ['turn', '01'],
    ])
  })

  it('moreToRead() ends a turn that has lasted a quarter of a millisecond, and the end that was scheduled finds nothing', async () => {
    const { output, asked, run, clock } = open()
    const user = new User(output)
    user.put(1)
    await clock.advance(0.2)
    output.moreToRead()
    expect(user.written).toEqual([])

    await clock.advance(0.05)
    output.moreToRead()
    expect(user.written).toEqual(['turn', '01'])
    run()
    output.moreToRead()

    expect(user.written).toEqual(['turn', '01'])
    expect(asked).toEqual(['I/O'])
  })

  it('moreToRead() ends a turn that has brought 64 KiB', () => {
    const { output } = open()
    const user = new User(output)
    user.put(...new Uint8Array(65_535))
    output.moreToRead()
    expect(user.written).toEqual([])
    const other = new User(output)
    other.put(1)

    output.moreToRead()

    expect(other.written).toEqual(['turn', '01'])
    expect(user.written.length).toBe(2)
  })

  it('a frame of 8 KiB ends the turn with its callback, once', () => {
    const { output, asked, run } = open()
    const user = new User(output)
    const other = new User(output)
    user.put(...new Uint8Array(8191))
    output.appended(user.start)
    expect(asked).toEqual(['I/O'])
    other.put(...new Uint8Array(8192))
    output.appended(other.start)
    output.appended(other.start)
    expect(asked).toEqual(['I/O', 'callback'])

    run()

    expect([user, other].map(({ written }) => written.length)).toEqual([2, 2])
    user.put(1)
    expect(asked).toEqual(['I/O', 'callback', 'I/O'])
  })

  it('after a callback that took long each callback is a turn, for a tenth of a second', async () => {
    const { output, asked, run, clock } = open()
    const user = new User(output)
    const turn = (): void => {
      user.put(1)
      run()
    }
    user.put(1)
    await clock.advance(2)
    run()

    turn()
    await clock.advance(99)
    turn()
    await clock.advance(1)
    turn()

    expect(asked).toEqual(['I/O', 'callback', 'callback', 'I/O'])
  })
})

describe('Output, for frames larger than the slab', () => {
  it('largeFrame() knows the one of this turn, and none of the last', async () => {
    const output = new Output(memoryEnvironment())
    const bytes = Uint8Array.of(1)
    expect(output.largeFrame('a')).toBe(null)

    output.rememberLarge('a', bytes)
    expect(output.largeFrame('a')).toBe(bytes)
    expect(output.largeFrame('b')).toBe(null)
    await settled()

    expect(output.largeFrame('a')).toBe(null)
  })
})

describe('outputOf()', () => {
  it('gives all sessions of an environment the same output, and another one to others', () => {
    const environment = memoryEnvironment()

    expect(outputOf(environment)).toBe(outputOf(environment))
    expect(outputOf(environment)).not.toBe(outputOf(memoryEnvironment()))
  })
})
