import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BufferedChannel } from '../../../src/channels/buffered-channel.ts'
import { Channel } from '../../../src/channels/channel.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../../../src/channels/errors.ts'
import type { ReceiveChannel } from '../../../src/channels/receive-channel.ts'
import { arrayOf } from '../../../src/channels/receiving/consuming.ts'
import { filterOf, mapNotNullOf, mapOf } from '../../../src/channels/receiving/transformed-core.ts'
import { follow, settle } from '../settled.ts'

const cause = new Error('why')

class Text {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function channelOf<T>(...values: readonly T[]): BufferedChannel<T> {
  const channel = new BufferedChannel<T>()
  for (const value of values) channel.offer(value)
  return channel
}

describe('operators', () => {
  it('S-21 mapNotNull() maps, leaves out null and undefined, and is a receive channel', async () => {
    const incoming: ReceiveChannel<Text | number> = channelOf<Text | number>(1, new Text('a'), 2)
    const texts: ReceiveChannel<Text> = incoming.mapNotNull((frame) =>
      frame instanceof Text ? frame : null,
    )

    expect((await texts.receive()).text).toBe('a')
    expect(texts.tryReceive()).toEqual({ type: 'empty' })
  })

  it('mapNotNullOf() keeps what is false or empty', async () => {
    const channel = channelOf<string | number | boolean | null | undefined>(
      0,
      null,
      '',
      undefined,
      false,
    )
    channel.close()

    expect(await arrayOf(mapNotNullOf(channel, (value) => value))).toEqual([0, '', false])
  })

  it('mapOf() maps each value, to undefined too', async () => {
    const channel = channelOf(1, 2)
    channel.close()

    const mapped = mapOf(channel, (value) => (value === 1 ? undefined : value))
    expect(await arrayOf(mapped)).toEqual([undefined, 2])
  })

  it('filterOf() keeps what is wanted; a type predicate narrows', async () => {
    const channel = new Channel<Text | number>()
    for (const value of [1, new Text('a'), 2]) channel.trySend(value)
    channel.close()
    const texts: ReceiveChannel<Text> = channel.filter(
      (value): value is Text => value instanceof Text,
    )

    expect(await texts.toArray()).toEqual([new Text('a')])
    const others = filterOf(channelClosed(1, 2, 3), (value) => value !== 2)
    expect(await arrayOf(others)).toEqual([1, 3])
  })

  it('operators take async functions', async () => {
    const odd = async (value: number): Promise<boolean> => {
      await settle()
      return value % 2 === 1
    }
    const halve = async (value: number): Promise<number | null> => {
      await settle()
      return value % 2 === 0 ? value / 2 : null
    }

    expect(await channelClosed(1, 2, 3).filter(odd).toArray()).toEqual([1, 3])
    expect(await channelClosed(1, 2, 3).map(odd).toArray()).toEqual([true, false, true])
    const halves: ReceiveChannel<number> = channelClosed(1, 2, 3, 4).mapNotNull(halve)
    expect(await halves.toArray()).toEqual([1, 2])
  })

  it('operators take thenables that settle at once, or settle twice, and lose no value', async () => {
    const atOnce = <T>(value: T): PromiseLike<T> => {
      // A sloppy thenable: it calls back before it returns, twice, and returns nothing.
      const sloppy = {
        // oxlint-disable-next-line unicorn/no-thenable -- thenables are what is tested
        then(resolve: (value: T) => void): void {
          resolve(value)
          resolve(value)
        },
      }
      return sloppy as PromiseLike<T> // what code without types may return
    }

    expect(await channelClosed(1, 2, 3).map(atOnce).toArray()).toEqual([1, 2, 3])
    expect(
      await channelClosed(1, 2, 3)
        .filter((value) => atOnce(value !== 2))
        .toArray(),
    ).toEqual([1, 3])
    expect(
      await channelClosed(1, 2, 3)
        .mapNotNull((value) => atOnce(value === 2 ? null : value))
        .toArray(),
    ).toEqual([1, 3])
    const looped: number[] = []
    for await (const value of channelClosed(1, 2, 3).map(atOnce)) looped.push(value)
    expect(looped).toEqual([1, 2, 3])
  })

  it('operators can be chained and looped over', async () => {
    const seen: number[] = []
    const chained = channelClosed(1, 2, 3, 4)
      .filter((value) => value % 2 === 0)
      .map((value) => value * 10)
      .mapNotNull((value) => (value > 20 ? value : null))

    for await (const value of chained) seen.push(value)

    expect(seen).toEqual([40])
  })

  it('operators give every view of a receive channel', async () => {
    const double = (value: number): number => value * 2
    const seen: number[] = []

    await channelClosed(1, 2)
      .map(double)
      .consumeEach((value) => seen.push(value))
    for await (const value of channelClosed(3).map(double).readable()) seen.push(value)
    seen.push(await channelClosed(4).map(double).first())

    expect(seen).toEqual([2, 4, 6, 8])
  })
})

function channelClosed(...values: readonly number[]): BufferedChannel<number> {
  const channel = channelOf(...values)
  channel.close()
  return channel
}

describe('laziness', () => {
  it('S-21 nothing is taken before someone asks, and then one element at a time', async () => {
    const channel = channelOf(1, 2, 3)
    const calls: number[] = []
    const mapped = channel.map((value) => calls.push(value))
    await settle()
    expect(channel.size).toBe(3)

    await mapped.receive()
    await settle()
    expect(calls).toEqual([1])
    expect(channel.size).toBe(2)
  })

  it('what is not taken is left for the source’s own receivers', async () => {
    const channel = channelOf(1, 2)
    const mapped = channel.map((value) => `mapped ${value}`)

    expect(await mapped.receive()).toBe('mapped 1')
    expect(await channel.receive()).toBe(2)
  })

  it('the function does not run inside the call of the sender', async () => {
    const channel = new BufferedChannel<number>()
    const log: string[] = []
    const received = channel.map((value) => log.push(`mapped ${value}`)).receive()

    channel.offer(1)
    log.push('offered')
    await received

    expect(log).toEqual(['offered', 'mapped 1'])
  })

  it('the function runs in the async context of the receiver', async () => {
    const storage = new AsyncLocalStorage<string>()
    const channel = new BufferedChannel<number>()
    const received = storage.run('receiver', () => channel.map(() => storage.getStore()).receive())

    storage.run('sender', () => channel.offer(1))

    expect(await received).toBe('receiver')
  })
})

describe('waiting', () => {
  it('waiting receivers are served first come, first served, in every form', async () => {
    const channel = new BufferedChannel<number>()
    const even = channel.filter((value) => value % 2 === 0)
    const waits = [even.receive(), even.receiveCatching(), even[Symbol.asyncIterator]().next()]

    for (let value = 1; value <= 6; value++) channel.offer(value)

    expect(await Promise.all(waits)).toEqual([
      2,
      { type: 'value', value: 4 },
      { done: false, value: 6 },
    ])
  })

  it('an async function keeps the order even when receivers ask at once', async () => {
    const channel = channelOf(3, 2, 1)
    const slow = channel.map(async (value) => {
      for (let turn = 0; turn < value; turn++) await settle()
      return value
    })

    expect(await Promise.all([slow.receive(), slow.receive(), slow.receive()])).toEqual([3, 2, 1])
  })

  it('aborting a wait takes nothing from the source, and leaves no listener', async () => {
    const channel = new BufferedChannel<number>()
    const mapped = channel.map((value) => value)
    const controller = new AbortController()
    const aborted = mapped.receive({ signal: controller.signal })

    controller.abort(cause)
    await expect(aborted).rejects.toBe(cause)

    expect(getEventListeners(controller.signal, 'abort').length).toBe(0)
    const received = channel.receive()
    channel.offer(1)
    expect(await received).toBe(1)
  })

  it('a value under way when its receiver leaves is kept for the next', async () => {
    const channel = channelOf(1, 2)
    const slow = channel.map(async (value) => {
      await settle()
      return value
    })
    const controller = new AbortController()
    const aborted = slow.receive({ signal: controller.signal })
    await Promise.resolve()
    controller.abort(cause)
    await expect(aborted).rejects.toBe(cause)

    expect(await slow.receive()).toBe(1)
    expect(await slow.receive()).toBe(2)
  })

  it('a value that has arrived when its receiver leaves is kept for the next', async () => {
    const channel = new BufferedChannel<number>()
    const mapped = channel.map((value) => value)
    const controller = new AbortController()
    const aborted = mapped.receive({ signal: controller.signal })
    const behind = channel.receive()
    channel.offer(1)
    controller.abort(cause)
    await expect(aborted).rejects.toBe(cause)
    channel.offer(2)
    expect(await behind).toBe(2)
    channel.close()

    expect(mapped.isClosedForReceive).toBe(false)
    expect(mapped.tryReceive()).toEqual({ type: 'value', value: 1 })
    expect(mapped.isClosedForReceive).toBe(true)
  })

  it('return() of a loop frees its step and leaves both channels open', async () => {
    const channel = new BufferedChannel<number>()
    const mapped = channel.map((value) => value)
    const iterator = mapped[Symbol.asyncIterator]()
    const next = iterator.next()

    await iterator.return?.()

    expect(await next).toEqual({ done: true, value: undefined })
    expect(mapped.isClosedForReceive).toBe(false)
    const received = channel.receive()
    channel.offer(1)
    expect(await received).toBe(1)
  })

  it('tryReceive() with an async function is empty until the value is made', async () => {
    const channel = channelOf(1)
    const slow = channel.map(async (value) => {
      await settle()
      return value
    })

    expect(slow.tryReceive()).toEqual({ type: 'empty' })
    expect(slow.tryReceive()).toEqual({ type: 'empty' })
    await settle()
    await settle()
    expect(slow.tryReceive()).toEqual({ type: 'value', value: 1 })
  })

  it('a receiver that comes while the function runs is not forgotten', async () => {
    const channel = channelOf(1, 2)
    const inner: Promise<number>[] = []
    const mapped: ReceiveChannel<number> = channel.map((value) => {
      if (value === 1) inner.push(mapped.receive())
      return value
    })

    expect(await mapped.receive()).toBe(1)
    expect(await Promise.all(inner)).toEqual([2])
  })
})

describe('ends', () => {
  it('the end of the source is the end of the result, once all was received', async () => {
    const channel = channelOf(1)
    const mapped = channel.map((value) => value)
    channel.close()
    expect(mapped.isClosedForReceive).toBe(false)

    expect(await mapped.receive()).toBe(1)
    expect(mapped.isClosedForReceive).toBe(true)
    await expect(mapped.receive()).rejects.toThrow(ClosedReceiveChannelError)
  })

  it('those who wait are told the end, and its cause', async () => {
    const channel = new BufferedChannel<number>()
    const mapped = channel.map((value) => value)
    const waits = [mapped.receive(), mapped.receive()]

    channel.close(cause)

    for (const wait of waits) await expect(wait).rejects.toBe(cause)
  })

  it('cancelling the result cancels the source', async () => {
    const channel = channelOf(1)
    const mapped = channel.map((value) => value)

    mapped.cancel(cause)

    expect(channel.isClosedForReceive).toBe(true)
    expect(channel.size).toBe(0)
    await expect(channel.send(2)).rejects.toThrow(ClosedSendChannelError)
    await expect(mapped.receive()).rejects.toBe(cause)
  })

  it('cancelling while the function is at work drops the value', async () => {
    const channel = channelOf(1)
    const slow = channel.map(async (value) => {
      await settle()
      return value
    })
    const received = slow.receiveCatching()
    slow.cancel()

    expect(await received).toEqual({ type: 'closed', cause: null })
    await settle()
    expect(slow.tryReceive()).toEqual({ type: 'closed', cause: null })
  })

  it('a function that cancels its own channel has its value dropped', async () => {
    const channel = channelOf(1)
    const mapped: ReceiveChannel<number> = channel.map((value) => {
      mapped.cancel()
      return value
    })

    expect(mapped.tryReceive()).toEqual({ type: 'closed', cause: null })
    expect(await mapped.receiveCatching()).toEqual({ type: 'closed', cause: null })
  })

  it('consumeEach() of the result cancels the source when it fails', async () => {
    const channel = channelOf(1, 2)

    const consumed = channel
      .map((value) => value)
      .consumeEach(() => {
        throw cause
      })

    await expect(consumed).rejects.toBe(cause)
    expect(channel.isClosedForReceive).toBe(true)
  })

  it.each(['throws', 'rejects'])(
    'a function that %s cancels both channels with what it threw',
    async (how) => {
      const channel = channelOf(1, 2)
      const failing = channel.map((value): number | Promise<number> => {
        if (how === 'rejects') return Promise.reject(cause)
        if (value > 0) throw cause
        return value
      })
      const waits = [failing.receive(), failing.receive()]

      for (const wait of waits) await expect(wait).rejects.toBe(cause)
      expect(failing.isClosedForReceive).toBe(true)
      expect(channel.tryReceive()).toEqual({ type: 'closed', cause })
    },
  )

  it('a function that fails after the source has ended is seen all the same', async () => {
    const channel = channelClosed(1)
    const failing = channel.map(() => Promise.reject(cause))

    await expect(failing.toArray()).rejects.toBe(cause)
    await expect(failing.receive()).rejects.toBe(cause)
  })

  it('a function that fails when nobody waits any more goes unhandled nowhere', async () => {
    const channel = channelOf(1)
    const failing = channel.map(async () => {
      await settle()
      throw cause
    })
    const controller = new AbortController()
    const aborted = follow(failing.receive({ signal: controller.signal }))
    controller.abort()
    await settle()
    await settle()

    expect(aborted().type).toBe('error')
    expect(failing.tryReceive()).toEqual({ type: 'closed', cause })
  })
})

describe('any interleaving', () => {
  it('of asking, aborting and sending gives the transformed values in order, none lost or doubled', async () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('send' as const), turns: fc.nat({ max: 5 }) }),
      fc.record({ type: fc.constant('receive' as const) }),
      fc.record({ type: fc.constant('abort' as const), call: fc.nat({ max: 20 }) }),
      fc.record({ type: fc.constant('turns' as const), turns: fc.nat({ max: 8 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const source = new BufferedChannel<{ id: number; turns: number }>()
        const channel = source.mapNotNull(async ({ id, turns }) => {
          for (let turn = 0; turn < turns; turn++) await Promise.resolve()
          return id % 3 === 0 ? null : id
        })
        const controllers: AbortController[] = []
        const asked: (() => unknown)[] = []
        let sent = 0
        for (const current of steps) {
          if (current.type === 'send') source.offer({ id: sent++, turns: current.turns })
          if (current.type === 'abort') controllers[current.call]?.abort()
          if (current.type === 'turns') {
            for (let turn = 0; turn < current.turns; turn++) await Promise.resolve()
          }
          if (current.type !== 'receive') continue
          const controller = new AbortController()
          controllers.push(controller)
          asked.push(follow(channel.receive({ signal: controller.signal })))
        }
        source.close()
        await settle()
        const rest = await channel.toArray()
        await settle()

        const received = asked.flatMap((outcome) => {
          const settled = outcome()
          return isValue(settled) ? [settled.value] : []
        })
        const expected = Array.from({ length: sent }, (_, id) => id).filter((id) => id % 3 !== 0)
        expect([...received, ...rest]).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})

function isValue(outcome: unknown): outcome is { readonly value: number } {
  return typeof outcome === 'object' && outcome !== null && 'value' in outcome
}
