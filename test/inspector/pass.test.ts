import { describe, expect, it } from 'vitest'

import { SessionRegistry } from '../../src/application/internal.ts'
import type { WebSocketServerSession } from '../../src/application/index.ts'
import { type PassParts, visitSessions } from '../../src/inspector/pass.ts'
import { SessionTraffic } from '../../src/inspector/session-traffic.ts'
import { SessionView } from '../../src/inspector/session-view.ts'
import { FIRST_VIEW, MAX_ROWS } from '../../src/inspector/wire.ts'
import { IDLE_CONTROL } from '../support/session-control.ts'

/** A session that has received as many bytes as its number. */
function session(number: number): WebSocketServerSession {
  const none = { frames: 0, bytes: 0 }
  const facts = {
    route: `/room/${number % 3}`,
    statistics: {
      openedAt: 0,
      lastReceivedAt: 0,
      messages: { incoming: 1, outgoing: 0 },
      bytes: { incoming: number, outgoing: 0 },
      queued: { incoming: none, outgoing: { frames: 1, bytes: 2 } },
    },
  }
  return facts as WebSocketServerSession // nothing else is read
}

function registryOf(count: number) {
  const registry = new SessionRegistry()
  const all = Array.from({ length: count }, (_, number) => session(number))
  for (const each of all) registry.add(each, { ...IDLE_CONTROL, heldBytes: 10, keptBytes: 1 })
  return { registry, all }
}

function parts(sessions: SessionRegistry, changes: Partial<PassParts> = {}): PassParts {
  return {
    sessions,
    traffic: new SessionTraffic(0),
    views: [],
    now: () => 5000,
    turned: () => Promise.resolve(),
    isOver: () => false,
    ...changes,
  }
}

describe('visitSessions()', () => {
  it('D-17 visits 100 000 sessions in slices, and keeps 200 of them', async () => {
    const { registry } = registryOf(100_000)
    const view = new SessionView({ ...FIRST_VIEW, sort: 'bytes' })
    let turns = 0
    const turned = (): Promise<void> => {
      turns++
      return Promise.resolve()
    }
    const sums = await visitSessions(parts(registry, { views: [view], turned }))

    expect(turns).toBe(100)
    expect([sums?.sessions, sums?.unsent, sums?.held, sums?.kept]).toEqual([
      100_000, 200_000, 1_000_000, 100_000,
    ])
    expect(sums?.byRoute.get('/room/0')).toMatchObject({
      sessions: 33_334,
      ages: [33_334, 0, 0, 0, 0, 0],
    })
    expect(view.matching).toBe(100_000)
    expect(view.visits).toHaveLength(MAX_ROWS)
    expect(view.visits[0]?.statistics.bytes.incoming).toBe(99_999)
    expect(view.visits.at(-1)?.statistics.bytes.incoming).toBe(99_800)
  })

  it('D-17 sessions may end and begin during the pass', async () => {
    const { registry, all } = registryOf(3000)
    const turned = (): Promise<void> => {
      for (const each of all.splice(-500)) registry.delete(each)
      registry.add(session(1), IDLE_CONTROL)
      return Promise.resolve()
    }
    const sums = await visitSessions(parts(registry, { turned }))

    // 1000, then 1000 of 2500, then what is left of 2000 and the two that have begun.
    expect(sums?.sessions).toBe(2002)
  })

  it('D-17 is given up when nobody looks any longer', async () => {
    const { registry } = registryOf(3000)

    expect(await visitSessions(parts(registry, { isOver: () => true }))).toBe(null)
  })
})
