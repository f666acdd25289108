import { describe, expect, it } from 'vitest'

import type { WebSocketServerSession } from '../../../src/application/application.ts'
import { drain, readStopOptions } from '../../../src/application/sessions/drain.ts'
import { ReconnectHints } from '../../../src/application/sessions/reconnect-hints.ts'
import { SessionRegistry } from '../../../src/application/sessions/session-registry.ts'
import { VirtualClock } from '../../../src/base/index.ts'
import { createSeededRandom } from '../../../src/testing/seeded-random.ts'
import { settled } from '../../support/memory-world.ts'
import { IDLE_CONTROL } from '../../support/session-control.ts'

const QUIET = new ReconnectHints(null, (target) => target)

/** Sessions that note when they were told to go, and go at once if they are willing. */
function sessions(clock: VirtualClock, count: number, options: { readonly willing: boolean }) {
  const registry = new SessionRegistry()
  const told: number[] = []
  const dropped: number[] = []
  const messages: string[] = []
  for (let index = 0; index < count; index++) {
    const session = { id: String(index) } as WebSocketServerSession // never looked into
    registry.add(session, {
      ...IDLE_CONTROL,
      goAway: (message) => {
        told.push(clock.now())
        messages.push(message)
        if (options.willing) registry.delete(session)
      },
      terminate: () => dropped.push(clock.now()),
    })
  }
  return { registry, told, dropped, messages }
}

describe('drain()', () => {
  it('resolves at once without sessions, and leaves no timer', async () => {
    const clock = new VirtualClock()

    const counts = await drain(
      new SessionRegistry(),
      clock,
      { grace: 1_000, timeout: 15_000 },
      QUIET,
    )

    expect(counts).toEqual({ sessions: 0, closed: 0, aborted: 0 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('spreads the closings over the grace, the first at once', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, told } = sessions(clock, 4, { willing: true })

    const drained = drain(registry, clock, { grace: 1_000, timeout: 15_000 }, QUIET)
    await clock.advance(15_000)

    expect(told).toEqual([0, 250, 500, 750])
    expect(await drained).toEqual({ sessions: 4, closed: 4, aborted: 0 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('closes many sessions in batches of the same size', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, told } = sessions(clock, 100, { willing: true })

    const drained = drain(registry, clock, { grace: 2_000, timeout: 15_000 }, QUIET)
    await clock.advance(15_000)

    expect(told.filter((at) => at === 0)).toHaveLength(5)
    expect(told.filter((at) => at === 1_900)).toHaveLength(5)
    expect(await drained).toEqual({ sessions: 100, closed: 100, aborted: 0 })
  })

  it('closes all at once without a grace', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, told } = sessions(clock, 3, { willing: true })

    expect(await drain(registry, clock, { grace: 0, timeout: 15_000 }, QUIET)).toEqual({
      sessions: 3,
      closed: 3,
      aborted: 0,
    })
    expect(told).toEqual([0, 0, 0])
  })

  it('is over as soon as all sessions are, and leaves no timer of a later batch', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, told } = sessions(clock, 4, { willing: true })

    const drained = drain(registry, clock, { grace: 1_000, timeout: 15_000 }, QUIET)
    for (const session of registry) registry.delete(session)

    expect(await drained).toEqual({ sessions: 4, closed: 4, aborted: 0 })
    expect(told).toEqual([0])
    expect(clock.pendingTimers).toBe(0)
  })

  it('drops those that are left at the deadline, and waits no longer', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, dropped } = sessions(clock, 2, { willing: false })

    const drained = drain(registry, clock, { grace: 0, timeout: 15_000 }, QUIET)
    await clock.advance(14_999)
    expect(dropped).toEqual([])
    await clock.advance(1)

    expect(dropped).toEqual([15_000, 15_000])
    expect(await drained).toEqual({ sessions: 2, closed: 0, aborted: 2 })
    expect(clock.pendingTimers).toBe(0)
  })

  it('counts a session that began meanwhile', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry } = sessions(clock, 1, { willing: false })
    const late = { id: 'late' } as WebSocketServerSession // never looked into

    const drained = drain(registry, clock, { grace: 0, timeout: 5_000 }, QUIET)
    registry.add(late, IDLE_CONTROL)
    registry.delete(late)
    await clock.advance(5_000)

    expect(await drained).toEqual({ sessions: 2, closed: 1, aborted: 1 })
  })

  it('says reconnectHints to each session in words of its own', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, messages } = sessions(clock, 3, { willing: true })
    const reconnectHints = new ReconnectHints(60_000, createSeededRandom(1))

    await drain(registry, clock, { grace: 0, timeout: 1_000 }, reconnectHints)

    expect(new Set(messages).size).toBe(3)
    for (const message of messages) expect(message).toMatch(/^reconnect in [\d.]+ s$/)
  })
})

describe('readStopOptions()', () => {
  it('has a grace of 1 second and a timeout of 15 seconds, and says nothing of when to come back', () => {
    expect(readStopOptions({})).toEqual({
      lead: 0,
      grace: 1_000,
      timeout: 15_000,
      reconnectWithin: null,
    })
  })

  it('takes durations, and a short timeout shortens the grace that nobody chose', () => {
    expect(readStopOptions({ grace: { seconds: 5 }, timeout: { minutes: 1 } })).toEqual({
      lead: 0,
      grace: 5_000,
      timeout: 60_000,
      reconnectWithin: null,
    })
    expect(readStopOptions({ timeout: { milliseconds: 100 } })).toMatchObject({
      grace: 100,
      timeout: 100,
    })
    expect(readStopOptions({ grace: 0, timeout: 0 })).toMatchObject({ grace: 0, timeout: 0 })
    expect(readStopOptions({ reconnectWithin: { minutes: 1 } }).reconnectWithin).toBe(60_000)
    expect(readStopOptions({ reconnectWithin: null }).reconnectWithin).toBeNull()
  })

  it.each([
    [
      { grace: 2_000, timeout: 1_000 },
      'Cannot stop the application: timeout is 1000 ms, expected at least the grace of 2000 ms',
    ],
    [{ grace: -1 }, 'Cannot use -1 for grace'],
    [{ timeout: Infinity }, 'Cannot use Infinity for timeout'],
    [
      { timeout: 25 },
      'Cannot stop the application: option "timeout" is 25, in milliseconds; did you mean seconds(25)?',
    ],
    [{ reconnectWithin: 60 }, 'did you mean seconds(60)?'],
    [{ reconnectWithin: -1 }, 'Cannot use -1 for reconnectWithin'],
    [{ graze: 1 }, 'Cannot stop the application: unknown option "graze", expected "grace"'],
    [null, 'Cannot stop the application: the options argument is null, expected an object'],
  ])('refuses %j', (options, message) => {
    // @ts-expect-error -- what JavaScript may do
    expect(() => readStopOptions(options)).toThrow(message)
  })

  it('closes 64 sessions in one turn of the event loop, and the others in the next turns', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, told } = sessions(clock, 200, { willing: true })

    const drained = drain(registry, clock, { grace: 0, timeout: 15_000 }, QUIET)
    expect(told).toHaveLength(64)

    expect(await drained).toEqual({ sessions: 200, closed: 200, aborted: 0 })
    expect(told).toHaveLength(200)
  })

  it('drops 64 sessions in one turn of the event loop, and all before it resolves', async () => {
    const clock = new VirtualClock({ settle: settled })
    const { registry, dropped } = sessions(clock, 200, { willing: false })
    const perTurn: number[] = []
    const drained = drain(registry, clock, { grace: 0, timeout: 1_000 }, QUIET)
    await settled()
    await settled()
    await settled()
    await clock.advance(1_000)
    while (dropped.length < 200) {
      perTurn.push(dropped.length)
      await settled()
    }

    expect(await drained).toEqual({ sessions: 200, closed: 0, aborted: 200 })
    expect(perTurn.length).toBeGreaterThan(0)
    expect(dropped).toHaveLength(200)
  })
})
