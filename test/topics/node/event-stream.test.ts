import { describe, expect, it } from 'vitest'
import { settled } from '../../../src/testing/test-environment.ts'
import { EventStream } from '../../../src/topics/node/event-stream.ts'
import type { Subscription } from '../../../src/topics/node/subscription.ts'
import type { Taken } from '../../../src/topics/node/taking.ts'

const LIVE: Taken = { type: 'live' }
const SKIPPED: Taken = { type: 'skipped', count: 3 }

/** A stream over a subscription that has what the test puts into `items`. */
function createStream(signal: AbortSignal | null = null, subscribing: Promise<void> = settled()) {
  const items: Taken[] = []
  const counts = { subscribed: 0, unsubscribed: 0 }
  // What a stream uses of a subscription.
  const subscription = {
    position: { epoch: 'e', offset: 7 },
    take: () => items.splice(0, 1),
  } as unknown as Subscription
  const stream = new EventStream(
    {
      subscribe: async () => {
        counts.subscribed++
        await subscribing
        return subscription
      },
      unsubscribe: () => void counts.unsubscribed++,
    },
    signal,
  )
  return { stream, items, counts }
}

/** A stream whose broker is away until the stream gives up. */
function createWaiting(signal: AbortSignal | null = null): EventStream<unknown> {
  const subscribe = (_: unknown, ending: AbortSignal): Promise<Subscription> =>
    new Promise((_resolve, reject) => {
      ending.addEventListener('abort', () => reject(new Error('given up')))
    })
  return new EventStream({ subscribe, unsubscribe() {} }, signal)
}

describe('EventStream', () => {
  it('subscribes with the first next, and not before', async () => {
    const { stream, items, counts } = createStream()
    expect([counts.subscribed, stream.position]).toEqual([0, null])
    items.push(LIVE)

    expect(await stream.next()).toEqual({ done: false, value: LIVE })
    expect([counts.subscribed, stream.position]).toEqual([1, { epoch: 'e', offset: 7 }])
  })

  it('a next that waits takes what is ready, one item at a time', async () => {
    const { stream, items } = createStream()
    const next = stream.next()
    await settled()
    items.push(LIVE, SKIPPED)
    stream.ready()

    expect(await next).toEqual({ done: false, value: LIVE })
    expect(items).toEqual([SKIPPED])
    expect(await stream.next()).toEqual({ done: false, value: SKIPPED })
  })

  it('return() ends the subscription once, and a next that waits', async () => {
    const { stream, counts } = createStream()
    const next = stream.next()
    await settled()
    await stream.return()
    await stream.return()

    expect(await next).toEqual({ done: true, value: undefined })
    expect(counts.unsubscribed).toBe(1)
  })

  it('return() ends a next that waits for the broker', async () => {
    const stream = createWaiting()
    const next = stream.next()
    await stream.return()

    expect(await next).toEqual({ done: true, value: undefined })
  })

  it('the signal ends a next that waits for the broker, with its reason', async () => {
    const leaving = new AbortController()
    const next = createWaiting(leaving.signal).next()
    leaving.abort(new Error('left'))

    await expect(next).rejects.toThrow('left')
  })

  it('a subscription that comes after the end is ended at once', async () => {
    let subscribed: () => void = () => {}
    const subscribing = new Promise<void>((resolve) => {
      subscribed = resolve
    })
    const { stream, counts } = createStream(null, subscribing)
    const next = stream.next()
    await stream.return()
    expect(counts.unsubscribed).toBe(0)
    subscribed()

    expect(await next).toEqual({ done: true, value: undefined })
    expect(counts.unsubscribed).toBe(1)
  })

  it('rejects with the reason of its signal, and with the error of the subscription', async () => {
    const controller = new AbortController()
    const { stream, counts } = createStream(controller.signal)
    const next = stream.next()
    await settled()
    controller.abort(new Error('enough'))
    await expect(next).rejects.toThrow('enough')
    expect(counts.unsubscribed).toBe(1)

    const refused = createStream(null, Promise.reject(new Error('refused')))
    await expect(refused.stream.next()).rejects.toThrow('refused')
    expect(await refused.stream.next()).toEqual({ done: true, value: undefined })
  })

  it('a node that is closed ends the subscription once, and a next that waits', async () => {
    const { stream, counts } = createStream()
    const next = stream.next()
    await settled()
    stream.ended()
    stream.ended()

    expect(await next).toEqual({ done: true, value: undefined })
    expect(counts.unsubscribed).toBe(1)
  })

  it('has no session that could be closed for being slow', () => {
    expect(createStream().stream.lagged()).toBe('skips')
  })
})
