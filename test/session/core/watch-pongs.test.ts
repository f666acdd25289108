import { describe, expect, it } from 'vitest'

import { Deferred } from '../../../src/base/internal.ts'
import { type DefaultWebSocketSession, Frame, WebSockets } from '../../../src/index.ts'
import { watchPongs } from '../../../src/session/internal.ts'
import { withTestApplication } from '../../../src/testing/index.ts'

describe('watchPongs()', () => {
  it('reports the payload of each pong, whether or not the session pings by itself', async () => {
    const payloads: string[] = []
    const second = new Deferred<void>()
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      t.application.routing((route) => {
        route.webSocket('/', async (session) => {
          watchPongs(session, (payload) => {
            payloads.push(new TextDecoder().decode(payload))
            if (payloads.length === 2) second.resolve()
          })
          await session.send(new Frame.Ping(new TextEncoder().encode('one')))
          await session.send(new Frame.Ping(new TextEncoder().encode('two')))
          await session.incoming.toArray()
        })
      })
      await t.connect('/')
      await second.promise
    })

    expect(payloads).toEqual(['one', 'two'])
  })

  it('reports nothing of an object that is not a session of an engine', () => {
    // Only what is done with it matters.
    expect(() => watchPongs({} as DefaultWebSocketSession, () => {})).not.toThrow()
  })
})
