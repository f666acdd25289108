import { describe, expect, it } from 'vitest'

import { Deferred } from '../../../src/base/internal.ts'
import { type DefaultWebSocketServerSession, Frame, WebSockets } from '../../../src/index.ts'
import type { WebSocketSession } from '../../../src/session/index.ts'
import { endTurnOf, LiveSession } from '../../../src/session/internal.ts'
import { withTestApplication } from '../../../src/testing/index.ts'

/** Bytes that a session has serialised and not written. */
function unwritten(session: WebSocketSession): number {
  return session instanceof LiveSession ? session.core.write.bufferedAmount : -1
}

describe('endTurnOf()', () => {
  it('writes out what all sessions were sent in this turn, at once', async () => {
    const before: number[] = []
    const after: number[] = []
    const received: unknown[] = []
    await withTestApplication(async (t) => {
      const sessions: DefaultWebSocketServerSession[] = []
      const both = new Deferred<void>()
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async (session) => {
          if (sessions.push(session) === 2) both.resolve()
          await session.closed
        })
      })
      const clients = [await t.connect('/'), await t.connect('/')]
      await both.promise

      for (const session of sessions) session.outgoing.trySend('a')
      before.push(...sessions.map(unwritten))
      for (const session of sessions.slice(0, 1)) endTurnOf(session)
      after.push(...sessions.map(unwritten))
      for (const session of sessions) session.outgoing.trySend('b')

      for (const client of clients) {
        for (let count = 0; count < 2; count++) {
          const frame = await client.incoming.receive()
          received.push(frame instanceof Frame.Text ? frame.readText() : frame)
        }
      }
    })

    expect(before).toEqual([3, 3])
    expect(after).toEqual([0, 0])
    expect(received).toEqual(['a', 'b', 'a', 'b'])
  })

  it('does nothing for an object that is not a session of an engine', () => {
    // Only what is done with it matters.
    expect(() => endTurnOf({} as WebSocketSession)).not.toThrow()
  })
})
