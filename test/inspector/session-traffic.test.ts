import { describe, expect, it } from 'vitest'

import type { WebSocketServerSession } from '../../src/application/index.ts'
import { SessionTraffic } from '../../src/inspector/session-traffic.ts'
import type { SessionStatistics } from '../../src/session/index.ts'

const session = (route: string): WebSocketServerSession => ({ route }) as WebSocketServerSession // nothing else is read

function counted(openedAt: number, messages: number, bytes: number): SessionStatistics {
  const none = { frames: 0, bytes: 0 }
  return {
    openedAt,
    lastReceivedAt: openedAt,
    messages: { incoming: messages, outgoing: 0 },
    bytes: { incoming: bytes, outgoing: bytes },
    queued: { incoming: none, outgoing: none },
  }
}

describe('SessionTraffic', () => {
  it('D-17 counts what a new session has moved, and an old one from the first look on', () => {
    const traffic = new SessionTraffic(1000)
    const [old, young] = [session('/old'), session('/new')]
    traffic.look(old, counted(0, 5, 500), 2000)
    const rate = traffic.look(young, counted(1500, 1, 100), 2000)

    expect(rate).toBe(400)
    expect([...traffic.take()]).toEqual([
      ['/new', { messagesIn: 1, messagesOut: 0, bytesIn: 100, bytesOut: 100 }],
    ])
    traffic.look(old, counted(0, 6, 700), 3000)
    expect([...traffic.take()]).toEqual([
      ['/old', { messagesIn: 1, messagesOut: 0, bytesIn: 200, bytesOut: 200 }],
    ])
  })

  it('D-17 counts the last bytes of a session once, however often it is looked at', () => {
    const traffic = new SessionTraffic(0)
    const one = session('/a')
    for (let look = 0; look < 3; look++) traffic.look(one, counted(0, 2, 10), 1000)

    expect([...traffic.take().values()]).toMatchObject([{ messagesIn: 2, bytesIn: 10 }])
    expect(traffic.take().size).toBe(0)
  })

  it('a session that is looked at twice in one moment keeps its rate', () => {
    const traffic = new SessionTraffic(0)
    const one = session('/a')
    traffic.look(one, counted(0, 1, 50), 1000)

    expect(traffic.look(one, counted(0, 1, 50), 1000)).toBe(100)
    expect(traffic.look(one, counted(0, 1, 50), 2000)).toBe(0)
  })
})
