import { describe, expect, it } from 'vitest'

import type { DefaultWebSocketSession } from '../../src/index.ts'
import { WebSockets } from '../../src/index.ts'
import { asWebSocket } from '../../src/interop/as-web-socket.ts'
import { withTestApplication } from '../../src/testing/index.ts'

/** Runs `block` with the session of a client. */
function withSession(block: (session: DefaultWebSocketSession) => void): Promise<void> {
  return withTestApplication(async (t) => {
    t.application.install(WebSockets)
    t.application.routing((route) => {
      route.webSocket('/', async ({ incoming }) => void (await incoming.toArray()))
    })
    block(await t.connect('/'))
  })
}

describe('asWebSocket()', () => {
  it('returns an open socket for a session, and a connecting one for a promise', () =>
    withSession((session) => {
      expect(asWebSocket(session).readyState).toBe(1)
      expect(asWebSocket(Promise.resolve(session)).readyState).toBe(0)
    }))

  it('throws for an unknown or invalid option', () =>
    withSession((session) => {
      // @ts-expect-error -- a program without types
      expect(() => asWebSocket(session, { maxBuffered: 1 })).toThrow('maxBuffered')
      expect(() => asWebSocket(session, { maxBufferedAmount: 0 })).toThrow(RangeError)
    }))
})
