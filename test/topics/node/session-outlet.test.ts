import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../src/base/internal.ts'
import { CloseReason, type WebSocketSession } from '../../../src/index.ts'
import type { Outbound } from '../../../src/session/index.ts'
import { settled } from '../../../src/testing/test-environment.ts'
import type { Run } from '../../../src/topics/node/run.ts'
import { type Feed, SessionOutlet, TOO_SLOW } from '../../../src/topics/node/session-outlet.ts'
import type { Subscription } from '../../../src/topics/node/subscription.ts'
import type { Taken, TakeLimit } from '../../../src/topics/node/taking.ts'

const LIVE: Taken = { type: 'live' }

/** An outlet of a session with room for some frames. */
function createOutlet(room = Infinity) {
  const state = {
    room,
    queued: 1,
    isClosed: false,
    sent: [] as Outbound[],
    reason: null as unknown,
  }
  let writable = new Deferred<void>()
  const failures: unknown[] = []
  const ended: Subscription[] = []
  // What an outlet uses of a session.
  const session = {
    outgoing: {
      trySend(data: Outbound) {
        if (state.isClosed) return 'closed'
        if (state.sent.length >= state.room) return 'full'
        state.sent.push(data)
        return 'sent'
      },
      whenWritable: () => writable.promise,
    },
    get statistics() {
      return { queued: { outgoing: { frames: state.queued } } }
    },
    close: (reason: unknown) => Promise.resolve(void (state.reason = reason)),
  } as unknown as WebSocketSession
  const outlet = new SessionOutlet(
    session,
    (error) => failures.push(error),
    (subscription) => ended.push(subscription),
  )
  const makeRoom = async (frames: number): Promise<void> => {
    state.room += frames
    const full = writable
    writable = new Deferred()
    void full.resolve()
    await settled()
  }
  return { outlet, state, failures, ended, makeRoom }
}

/** A subscription with `count` items, and how much was asked of it. */
function subscriptionOf(count: number) {
  const asked: TakeLimit[] = []
  let left = count
  const subscription = {
    take(limit: TakeLimit): Taken[] {
      asked.push(limit)
      const taken = Math.min(left, limit.events)
      left -= taken
      return Array<Taken>(taken).fill(LIVE)
    },
  } as unknown as Subscription
  return { subscription, asked }
}

const feedOf = (frame: Outbound): Feed => ({
  framing: {},
  frameOf: () => frame,
  frame: () => [frame],
})

describe('SessionOutlet', () => {
  it('T-40 a session that is full costs one turn of its subscription, and no more', async () => {
    const { outlet, state, makeRoom } = createOutlet(0)
    const { subscription, asked } = subscriptionOf(1000)
    outlet.add(subscription, feedOf('x'))
    for (let n = 0; n < 100; n++) outlet.ready(subscription, feedOf('x'))
    await settled()

    expect(asked).toEqual([{ events: 64, bytes: 64 * 1024 }])
    expect(state.sent).toEqual([])
    await makeRoom(64)
    expect(asked).toHaveLength(2)
    expect(state.sent).toHaveLength(64)
  })

  it('topics take turns, so that one with many events delays no other', async () => {
    const { outlet, state, makeRoom } = createOutlet(0)
    outlet.add(subscriptionOf(500).subscription, feedOf('many'))
    outlet.add(subscriptionOf(1).subscription, feedOf('few'))
    await makeRoom(1000)

    expect(state.sent).toHaveLength(501)
    expect(state.sent.indexOf('few')).toBeLessThanOrEqual(128)
  })

  it('taken() resolves when the session has taken everything, or is over', async () => {
    const { outlet, makeRoom } = createOutlet(0)
    expect(outlet.taken()).toBeNull()
    outlet.send('answer')
    let isTaken = false
    void outlet.taken()?.then(() => (isTaken = true))
    await settled()
    expect(isTaken).toBe(false)
    await makeRoom(1)
    expect(isTaken).toBe(true)

    const over = createOutlet(0)
    over.outlet.send('answer')
    const taken = over.outlet.taken()
    over.outlet.end()
    await taken
    over.outlet.send('too late')
    expect([over.outlet.isOver, over.outlet.taken()]).toEqual([true, null])
  })

  it('the error of a feed closes its session with 1011, and goes no further', () => {
    const { outlet, state, failures } = createOutlet()
    const broken: Feed = {
      framing: {},
      frameOf: () => null,
      frame() {
        throw new Error('broken')
      },
    }
    outlet.add(subscriptionOf(1).subscription, broken)

    expect(failures).toEqual([new Error('broken')])
    expect(state.reason).toEqual(new CloseReason(1011))
    expect([outlet.isOver, outlet.subscriptions]).toEqual([true, []])
  })

  it('a session that is closed for sending ends the outlet', () => {
    const { outlet, state } = createOutlet()
    state.isClosed = true
    outlet.send('x')
    expect(outlet.isOver).toBe(true)
  })

  it.each<[string, (made: ReturnType<typeof createOutlet>) => void]>([
    ['is over', ({ outlet }) => outlet.end()],
    ['is too slow', ({ outlet }) => outlet.close(TOO_SLOW)],
    [
      'takes nothing any longer',
      ({ outlet, state }) => {
        state.isClosed = true
        outlet.send('x')
      },
    ],
  ])('the subscriptions of a session that %s end, each once', (_title, over) => {
    const made = createOutlet()
    const subscriptions = [subscriptionOf(0).subscription, subscriptionOf(0).subscription]
    for (const each of subscriptions) made.outlet.add(each, feedOf('x'))

    over(made)
    made.outlet.end()

    expect(made.ended).toEqual(subscriptions)
    expect([made.outlet.isOver, made.outlet.subscriptions]).toEqual([true, []])
  })

  it('a subscription that is removed is not taken from any more', async () => {
    const { outlet, makeRoom } = createOutlet(0)
    const { subscription, asked } = subscriptionOf(1000)
    outlet.add(subscription, feedOf('x'))
    outlet.remove(subscription)
    outlet.remove(subscription)
    await makeRoom(1000)

    expect(asked).toHaveLength(1)
    expect(outlet.subscriptions).toEqual([])
  })

  it('T-44 closes with the reason that it is given', () => {
    const { outlet, state } = createOutlet()
    outlet.close(TOO_SLOW)
    expect(state.reason).toEqual(new CloseReason(4101, 'Too slow'))
  })

  it.each([
    ['is slow if its queue was full', 64, true],
    ['is not slow if only the node was busy', 0, false],
  ])('a session that has to wait %s', async (_title, queued, isSlow) => {
    const { outlet, state, makeRoom } = createOutlet(0)
    state.queued = queued
    const seen: boolean[] = []
    const subscription = {
      take: () => {
        seen.push(outlet.isSlow)
        return seen.length === 1 ? [LIVE] : []
      },
    } as unknown as Subscription
    outlet.add(subscription, feedOf('x'))
    await makeRoom(64)

    expect([seen, outlet.isSlow]).toEqual([[false, isSlow], false])
  })

  it('sends a run of events at once, and asks for nothing', async () => {
    const { outlet, state } = createOutlet()
    const { subscription, taken, asked } = runnerOf(0)

    expect(outlet.run(runOf('a', 'b'), subscription, {}, feedOf('x'))).toBe(true)
    expect([state.sent, taken, asked]).toEqual([['a', 'b'], [2], []])
    await settled()
    expect(asked).toEqual([])
  })

  it('T-05 what is left of a run in a full session comes before the next events', async () => {
    const { outlet, state, makeRoom } = createOutlet(1)
    const { subscription, asked } = runnerOf(1)

    expect(outlet.run(runOf('a', 'b', 'c'), subscription, {}, feedOf('next'))).toBe(true)
    expect(outlet.run(runOf('d'), subscription, {}, feedOf('next'))).toBe(false)
    expect([state.sent, asked]).toEqual([['a'], []])
    await makeRoom(1)
    await makeRoom(5)
    expect(state.sent).toEqual(['a', 'b', 'c', 'next'])
  })

  it('takes no run while the frames of another one are made', () => {
    const { outlet, state } = createOutlet()
    const [first, second] = [runnerOf(0), runnerOf(1)]
    const inside: unknown[] = []
    const run = {
      frames() {
        inside.push(outlet.run(runOf('b'), second.subscription, {}, feedOf('x')))
        outlet.ready(second.subscription, feedOf('second'))
        return ['a']
      },
    } as unknown as Run
    outlet.run(run, first.subscription, {}, feedOf('x'))

    expect([inside, state.sent]).toEqual([[false], ['a', 'second']])
  })

  it('a run whose frames cannot be made closes its session with 1011', () => {
    const { outlet, state, failures } = createOutlet()
    const run = {
      frames() {
        throw new Error('broken')
      },
    } as unknown as Run

    expect(outlet.run(run, runnerOf(0).subscription, {}, feedOf('x'))).toBe(true)
    expect([failures, state.reason]).toEqual([[new Error('broken')], new CloseReason(1011)])
  })

  it('a run for a session that is closed for sending ends the outlet', () => {
    const { outlet, state } = createOutlet()
    state.isClosed = true
    outlet.run(runOf('a'), runnerOf(0).subscription, {}, feedOf('x'))

    expect(outlet.isOver).toBe(true)
    expect(outlet.run(runOf('b'), runnerOf(0).subscription, {}, feedOf('x'))).toBe(false)
  })
})

/** A run of events with these frames. */
function runOf(...frames: string[]): Run {
  return { count: frames.length, frames: () => frames } as unknown as Run
}

/** A subscription that takes runs, and then has `count` items. */
function runnerOf(count: number) {
  const { subscription, asked } = subscriptionOf(count)
  const taken: number[] = []
  Object.assign(subscription, { takeRun: (run: Run) => void taken.push(run.count) })
  return { subscription, asked, taken }
}
