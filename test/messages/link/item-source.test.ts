import { describe, expect, it } from 'vitest'
import { json } from '../../../src/messages/codec.ts'
import { encodeItem, ItemSource } from '../../../src/messages/link/item-source.ts'

/** Lets all that is under way come to rest. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('ItemSource', () => {
  it('M-21 asks for the next item only when there is credit', async () => {
    let asked = 0
    const emitted: unknown[] = []
    const source = new ItemSource(2)
    const items = (function* () {
      for (;;) yield ++asked
    })()
    const run = source.run(items, (item) => void emitted.push(item))
    await settle()
    expect([asked, emitted]).toEqual([2, [1, 2]])

    source.grant(3)
    await settle()
    expect([asked, emitted]).toEqual([5, [1, 2, 3, 4, 5]])

    source.stop()
    expect(await run).toBeNull()
  })

  it('returns what the iterator returned', async () => {
    const source = new ItemSource(1)

    const items = (async function* () {
      return 'end'
    })()

    expect(await source.run(items, () => {})).toEqual({ value: 'end' })
  })

  it('M-23 runs the finally of a generator that waits for credit', async () => {
    const steps: string[] = []
    const source = new ItemSource(1)
    const items = (async function* () {
      try {
        yield 1
        yield 2
      } finally {
        steps.push('finally')
      }
    })()
    const run = source.run(items, () => {})
    await settle()

    source.stop()

    expect(await run).toBeNull()
    await settle()
    expect(steps).toEqual(['finally'])
  })

  it('M-23 ends at once while an item is being made, and calls return meanwhile', async () => {
    const steps: string[] = []
    const source = new ItemSource(1)
    const items = {
      [Symbol.asyncIterator]: () => ({
        // Ignores every signal.
        next: () => new Promise<IteratorResult<number>>(() => {}),
        return: () => {
          steps.push('return')
          return Promise.resolve({ done: true as const, value: undefined })
        },
      }),
    }
    const run = source.run(items, () => {})

    source.stop()

    expect(await run).toBeNull()
    expect(steps).toEqual(['return'])
  })

  it('M-23 runs the finally of a generator as soon as what it waits for has come', async () => {
    const steps: string[] = []
    let release = (): void => {}
    const source = new ItemSource(1)
    const items = (async function* () {
      try {
        await new Promise<void>((resolve) => (release = resolve))
        yield 1
        steps.push('went on')
      } finally {
        steps.push('finally')
      }
    })()
    const run = source.run(items, () => void steps.push('item'))
    source.stop()
    expect(await run).toBeNull()

    release()
    await settle()

    expect(steps).toEqual(['finally'])
  })

  it('calls return when it was stopped before it began', async () => {
    const source = new ItemSource(1)
    let isLeft = false
    source.stop()

    const items = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 1 }),
        return: () => ({ done: (isLeft = true), value: 1 }),
      }),
    }

    expect(await source.run(items, () => {})).toBeNull()
    expect(isLeft).toBe(true)
  })

  it('rejects with what the iterable throws', async () => {
    const source = new ItemSource(1)

    const items = (async function* () {
      throw new RangeError('broken')
    })()

    await expect(source.run(items, () => {})).rejects.toThrow(new RangeError('broken'))
  })

  it('rejects with what emit throws, and leaves the iterator', async () => {
    let isLeft = false
    const items = (function* () {
      try {
        yield 1
      } finally {
        isLeft = true
      }
    })()
    const run = new ItemSource(1).run(items, () => {
      throw new RangeError('broken')
    })

    await expect(run).rejects.toThrow(new RangeError('broken'))
    expect(isLeft).toBe(true)
  })

  it('ignores what return throws or rejects with', async () => {
    for (const leave of [
      () => {
        throw new Error('no')
      },
      () => Promise.reject(new Error('no')),
    ]) {
      const source = new ItemSource(1)
      const run = source.run(
        { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: leave }) },
        () => {},
      )
      source.stop()
      expect(await run).toBeNull()
    }
    await settle()
  })
})

describe('encodeItem()', () => {
  it('encodes bytes as a frame of the id, in big-endian, and the payload', () => {
    expect(encodeItem(json, 0x01020304, new Uint8Array([9, 8]))).toEqual(
      new Uint8Array([1, 2, 3, 4, 9, 8]),
    )
    expect(encodeItem(json, 1, { n: 1 })).toBe('{"type":".item","id":1,"data":{"n":1}}')
  })
})
