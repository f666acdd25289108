import { describe, expect, it } from 'vitest'

import type { WebSocketServerSession } from '../../src/application/index.ts'
import { addTo, type RouteTotals, ScrapeSums } from '../../src/operations/scrape-sums.ts'

function traffic(n: number): RouteTotals {
  return { messages: { incoming: n, outgoing: n + 1 }, bytes: { incoming: n + 2, outgoing: n + 3 } }
}

/** A session that has nothing but its counters. */
function session(route: string, n: number): WebSocketServerSession {
  const queued = { incoming: { frames: 1, bytes: n }, outgoing: { frames: 1, bytes: n * 2 } }
  const statistics = { ...traffic(n), queued, openedAt: 0, lastReceivedAt: 0 }
  return { route, statistics } as WebSocketServerSession
}

describe('ScrapeSums', () => {
  it('adds sessions by route and protocol to those that have ended, and does not change these', () => {
    const ended = new Map<string, RouteTotals>()
    addTo(ended, '/a', traffic(100))
    addTo(ended, '/a', traffic(100))
    const sums = new ScrapeSums(ended)
    const memory = { heldBytes: 10, keptBytes: 1 }

    sums.add(session('/a', 1), memory, '', false)
    sums.add(session('/a', 1), memory, 'chat', false)
    sums.add(session('/b', 5), memory, '', true)

    expect(sums.sessions).toEqual([
      { route: '/a', protocol: '', count: 1 },
      { route: '/a', protocol: 'chat', count: 1 },
      { route: '/b', protocol: '', count: 1 },
    ])
    expect(sums.totals.get('/a')).toEqual({
      messages: { incoming: 202, outgoing: 206 },
      bytes: { incoming: 210, outgoing: 214 },
    })
    expect(sums.totals.get('/b')?.messages).toEqual({ incoming: 0, outgoing: 0 })
    expect(sums.queued).toEqual({ incoming: 7, outgoing: 14 })
    expect(sums.memory).toBe(33)
    expect(ended.get('/a')?.messages.incoming).toBe(200)
  })
})
