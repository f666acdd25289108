import { describe, expect, it } from 'vitest'

import { type EndingReading, ReadEnding } from '../../../src/session/reading/read-ending.ts'

/** Deferred tasks run when the test says so. */
function open() {
  const tasks: Array<() => void> = []
  const environment = {
    defer: <T>(task: (argument: T) => void, argument: T): void => {
      tasks.push(() => task(argument))
    },
  }
  const run = (): void => {
    for (const task of tasks.splice(0)) task()
  }
  const calls: string[] = []
  const extensions = { isUnread: false }
  /** How many frames wait, and the turn that the handler waits for. */
  const handler: { waiting: number; turn: Promise<void> | null } = { waiting: 0, turn: null }
  const reading: EndingReading = {
    channel: {
      get size() {
        return handler.waiting
      },
      close: (cause) => calls.push(`channel closed: ${cause?.message ?? 'normally'}`),
      cancel: (cause) => calls.push(`channel cancelled: ${cause?.message ?? 'normally'}`),
    },
    heldBack: {
      close: () => calls.push('reads to the answer'),
      readOn: () => calls.push('reads on'),
    },
    ownPayloads: () => calls.push('payloads owned'),
  }
  const ending = new ReadEnding(reading, extensions, () => handler.turn)
  return { ending, environment, run, calls, extensions, handler }
}

describe('ReadEnding', () => {
  it('concludeWith() lets microtasks that were started before run first', async () => {
    const { ending, environment, run } = open()
    const order: string[] = []
    void Promise.resolve().then(() => order.push('handler'))

    ending.concludeWith(() => order.push('conclusion'), environment)
    expect(order).toEqual([])
    await Promise.resolve()
    run()

    expect(order).toEqual(['handler', 'conclusion'])
  })

  it('conclude() does not wait, and the conclusion is drawn once', async () => {
    const { ending, environment, run } = open()
    let count = 0
    ending.concludeWith(() => count++, environment)

    ending.conclude()
    expect(count).toBe(1)
    ending.conclude()
    await Promise.resolve()
    run()

    expect(count).toBe(1)
  })

  it('concludeWith() waits while a handler takes frames that waits for the event loop', async () => {
    const { ending, environment, run, handler } = open()
    let count = 0
    handler.turn = Promise.resolve()
    handler.waiting = 3
    ending.concludeWith(() => count++, environment)
    const look = async (): Promise<void> => {
      for (let microtasks = 0; microtasks < 4; microtasks++) await Promise.resolve()
      run()
    }

    await look()
    handler.waiting = 2
    await look()
    expect(count).toBe(0)
    // It takes no more of them.
    await look()

    expect(count).toBe(1)
  })

  it.each(['the last frame', 'the end'])(
    'the end is concluded behind the last frame, if %s comes first',
    async (first) => {
      const { ending, environment, run } = open()
      const order: string[] = []
      const calls = [
        () => ending.concludeWith(() => order.push('Close'), environment),
        () => ending.concludeWith(() => order.push('end'), environment, true),
      ]
      for (const call of first === 'the end' ? calls.reverse() : calls) call()
      await Promise.resolve()
      run()
      expect(order).toEqual(['Close', 'end'])

      ending.concludeWith(() => order.push('again'), environment)
      ending.conclude()

      expect(order).toEqual(['Close', 'end', 'again'])
    },
  )

  it('end() lets the frames that wait be received, in memory of their own', () => {
    const { ending, calls } = open()

    ending.end(new Error('why'))

    expect(calls).toEqual(['payloads owned', 'channel closed: why', 'reads on'])
    expect(ending.isOver).toBe(true)
    expect(ending.isDiscarding).toBe(false)
  })

  it('discard() drops what waits, once, and needs no message of an extension any more', () => {
    const { ending, calls, extensions } = open()

    ending.discard()
    ending.discard(new Error('late'))

    expect(calls).toEqual(['channel cancelled: normally', 'reads on'])
    expect(extensions.isUnread).toBe(true)
    expect(ending.isOver).toBe(true)
  })

  it('close() reads to the answer of the peer, unless reading is over', () => {
    const { ending, calls } = open()
    ending.close()
    expect(ending.isClosing).toBe(true)
    expect(calls).toEqual(['reads to the answer'])

    ending.dropRest()
    ending.close()

    expect(calls).toEqual(['reads to the answer'])
  })
})
