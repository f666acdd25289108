import { describe, expect, it } from 'vitest'
import { CloseReason, Frame, WebSockets } from '../../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import { JSON_PROTOCOL } from '../../../src/topics/wire/messages.ts'
import { connecting, Room, room, serving } from '../../support/topics-client.ts'
import { Listening } from '../../support/topics-world.ts'

type Message = Record<string, unknown>

const WELCOME = {
  type: 'welcome',
  client: 'a.b',
  dedupe: 120_000,
  features: [],
  limits: { topics: 128, eventBytes: 65_536, publishesPerSecond: 20, unanswered: 32 },
}

/** A server of JSON alone that answers as `answer` says. */
function scripted(t: TestApplication, answer: (message: Message) => readonly Message[]): void {
  t.application.install(WebSockets)
  t.application.routing((route) =>
    route.webSocket('/live', { protocols: [JSON_PROTOCOL] }, async (session) => {
      for await (const frame of session.incoming) {
        if (!(frame instanceof Frame.Text)) continue
        const message = JSON.parse(frame.readText()) as Message // of the client
        const said = message['type'] === 'hello' ? [WELCOME] : answer(message)
        for (const each of said) await session.send(JSON.stringify(each))
      }
    }),
  )
}

/** A server that tells no limit, answers nothing, and closes with 1009 at an event. */
function closingAt(t: TestApplication, event: string): { isPatient: boolean } {
  const closing = { isPatient: false }
  t.application.install(WebSockets)
  t.application.routing((route) =>
    route.webSocket('/live', { protocols: [JSON_PROTOCOL] }, async (session) => {
      for await (const frame of session.incoming) {
        if (!(frame instanceof Frame.Text)) continue
        const message = JSON.parse(frame.readText()) as Message // of the client
        if (message['type'] === 'hello') await session.send(JSON.stringify(WELCOME))
        if (message['data'] === event && !closing.isPatient) {
          await session.close(new CloseReason(CloseReason.Codes.TOO_BIG))
        }
      }
    }),
  )
  return closing
}

function returned(error: unknown): unknown {
  return error
}

describe('ClientConnection', () => {
  it('an answer belongs to the request with its id, and to no other', async () => {
    await withTestApplication(async (t) => {
      const publishes: Message[] = []
      scripted(t, (message) => {
        if (message['type'] === 'publish') publishes.push(message)
        if (message['type'] !== 'subscribe') return []
        return [{ type: 'error', id: message['id'], topic: 'x', code: 'forbidden', message: '' }]
      })
      const live = connecting(t)
      const published = live.topic(Room, room).publish('kept')
      await t.clock.advance(10)
      const listening = new Listening(live.topic('x').events())
      await t.clock.advance(10)

      expect(listening.error).toMatchObject({ reason: 'forbidden' })
      expect(live.unanswered).toBe(1)
      const ended = published.catch((error: unknown) => error)
      await live.close()
      expect(await ended).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN' })
      expect(publishes).toHaveLength(1)
    })
  })

  it('a publish is refused if it was the last message before a Close 1009', async () => {
    await withTestApplication(async (t) => {
      closingAt(t, 'large')
      const live = connecting(t)
      const before = live.topic(Room, room).publish('before').catch(returned)
      const large = live.topic(Room, room).publish('large').catch(returned)
      await t.clock.advance(10)

      expect(await large).toMatchObject({ code: 'TOWPATH_PUBLISH_REFUSED', reason: 'closed' })
      // The server may have stored it.
      expect(await before).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN' })
      await live.close()
    })
  })

  it('a publish of an earlier session is uncertain after a Close 1009', async () => {
    await withTestApplication(async (t) => {
      const closing = closingAt(t, 'large')
      closing.isPatient = true
      const live = connecting(t)
      await t.clock.advance(10)
      const large = live.topic(Room, room).publish('large').catch(returned)
      await t.clock.advance(10)
      closing.isPatient = false
      t.network.reset()
      await t.clock.advance(2000)

      expect(await large).toMatchObject({ code: 'TOWPATH_PUBLISH_UNCERTAIN' })
      await live.close()
    })
  })

  it('speaks JSON to a server that knows no binary encoding', async () => {
    await withTestApplication(async (t) => {
      scripted(t, ({ type, id }) =>
        type === 'publish' ? [{ type: 'published', id, epoch: 'e', offset: 7 }] : [],
      )
      const live = connecting(t, { encoding: 'binary' })
      const published = live.topic(Room, room).publish(new Uint8Array([1, 2]))
      await t.clock.advance(10)

      expect(await published).toMatchObject({ offset: 7 })
      await live.close()
    })
  })

  it('does not come back to a server that is no server of topics', async () => {
    await withTestApplication(async (t) => {
      let connections = 0
      t.application.install(WebSockets)
      t.application.routing((route) =>
        route.webSocket('/live', { protocols: [JSON_PROTOCOL] }, async (session) => {
          connections++
          await session.incoming.receive()
          await session.send('what?')
          await session.closed
        }),
      )
      const live = connecting(t)
      await t.clock.advance(60_000)

      expect(connections).toBe(1)
      await live.close()
    })
  })

  it('a closed client refuses everything at once, and nothing waits for ever', async () => {
    await withTestApplication(async (t) => {
      serving(t)
      const live = connecting(t)
      await t.clock.advance(10)
      await live.close()
      const topic = live.topic(Room, room)

      await expect(topic.publish('x')).rejects.toMatchObject({ reason: 'closed' })
      await expect(topic.history()).rejects.toMatchObject({ reason: 'closed' })
      await expect(topic.presence.join()).rejects.toMatchObject({ reason: 'closed' })
      expect(await topic.events().next()).toEqual({ done: true, value: undefined })
      expect(await topic.presence.changes().next()).toEqual({ done: true, value: undefined })
    })
  })

  it('leaves no timer behind when it is closed', async () => {
    await withTestApplication(async (t) => {
      let publishes = 0
      scripted(t, ({ type, id, topic }) => {
        if (type === 'publish') publishes++
        return [{ type: 'error', id, topic, code: 'unavailable', message: '', retryAfter: 50_000 }]
      })
      const live = connecting(t)
      const published = live
        .topic(Room, room)
        .publish('x')
        .catch(() => {})
      const listening = new Listening(live.topic(Room, room).events())
      await t.clock.advance(10)
      await live.close()
      await published
      await listening.stop()
      const before = publishes

      await t.clock.advance(60_000)

      expect(publishes).toBe(before)
    })
  })

  it('goes on with what it has when a server says what it does not know', async () => {
    await withTestApplication(async (t) => {
      const topics = serving(t)
      const live = connecting(t)
      const listening = new Listening(live.topic(Room, room).events())
      await t.clock.advance(10)
      await topics.topic(Room, room).publish('x')
      await t.clock.advance(10)

      expect(listening.events).toEqual(['x'])
      expect(live.broker).toBe('up')
      await live.close()
    })
  })
})
