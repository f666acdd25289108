import { describe, expect, it } from 'vitest'
import { CloseReason, Frame, WebSockets } from '../../../src/index.ts'
import { type TestApplication, withTestApplication } from '../../../src/testing/index.ts'
import { JSON_PROTOCOL } from '../../../src/topics/wire/messages.ts'
import {
  connecting,
  type Message,
  Room,
  room,
  scripted,
  serving,
  WELCOME,
} from '../../support/topics-client.ts'
import { Listening } from '../../support/topics-world.ts'

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
        if (message['type'] !== 'subscribe') return null
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
        type === 'publish' ? [{ type: 'published', id, epoch: 'e', offset: 7 }] : null,
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

  it('asks again on a new session once, and not when a wait of an earlier session ends', async () => {
    await withTestApplication(async (t) => {
      const asked: unknown[] = []
      let sessions = 0
      scripted(t, ({ type, id, topic }) => {
        if (type === 'hello') {
          sessions++
          return null
        }
        asked.push(type)
        const refused = { type: 'error', id, topic, code: 'rate', message: '', retryAfter: 5000 }
        return sessions === 1 ? [refused] : null
      })
      const live = connecting(t)
      await t.clock.advance(10)
      const topic = live.topic(Room, room)
      const published = topic.publish('x').catch(returned)
      const page = topic.history().catch(returned)
      const joined = topic.presence.join().catch(returned)
      const [listening, members] = [new Listening(topic.events()), topic.presence.changes()]
      await t.clock.advance(10)
      t.network.reset()
      await t.clock.advance(2000)
      // The events are in `hello`.
      expect(asked.slice(5)).toEqual(['publish', 'history', 'presence', 'join'])
      await t.clock.advance(10_000)

      expect(asked).toHaveLength(9)
      await live.close()
      await Promise.all([published, page, joined, listening.stop(), members.return?.()])
    })
  })

  it('asks again after a minute if the server names a longer time', async () => {
    await withTestApplication(async (t) => {
      let publishes = 0
      scripted(t, ({ type, id, topic }) => {
        if (type !== 'publish') return null
        return publishes++ === 0
          ? [{ type: 'error', id, topic, code: 'rate', message: '', retryAfter: 1e9 }]
          : [{ type: 'published', id, epoch: 'e', offset: 1, duplicate: false }]
      })
      const live = connecting(t)
      const published = live.topic(Room, room).publish('x')
      await t.clock.advance(60_010)

      expect(publishes).toBe(2)
      expect(await published).toMatchObject({ offset: 1 })
      await live.close()
    })
  })

  it.each([
    ['before it knows the limit of the server', 300, Infinity, 16_384],
    ['within the limit of the server', 300, 2000, 2000],
  ])('resumes more topics than fit in hello, %s', async (_title, count, limit, expected) => {
    await withTestApplication(async (t) => {
      const hellos: Message[] = []
      const subscribes: Message[] = []
      scripted(t, (message) => {
        const { type } = message
        if (type === 'hello') hellos.push(message)
        if (type === 'subscribe') subscribes.push(message)
        if (type !== 'hello') return null
        return [{ ...WELCOME, limits: { ...WELCOME.limits, messageBytes: limit } }]
      })
      const live = connecting(t)
      const names = Array.from({ length: count }, (_, n) => `${n}`.padEnd(60, '-'))
      const begin = (): Listening[] =>
        names.map((name) => new Listening(live.topic(Room, { room: name }).events()))
      if (limit !== Infinity) await t.clock.advance(10)
      const all = begin()
      await t.clock.advance(10)
      if (limit !== Infinity) {
        t.network.reset()
        subscribes.length = 0
        await t.clock.advance(2000)
      }
      const hello = hellos.at(-1) ?? {}
      const resumed = hello['topics'] as readonly Message[] // of the client
      const named = [...resumed, ...subscribes].map((each) => each['topic'])

      expect(resumed.length).toBeGreaterThan(0)
      expect(JSON.stringify(hello).length).toBeLessThanOrEqual(expected)
      expect(named).toHaveLength(count)
      expect(new Set(named)).toEqual(new Set(names.map((name) => `rooms/${name}`)))
      await live.close()
      for (const each of all) await each.stop()
    })
  })

  it('an invalid message of the server ends the client, and closes the connection with 4400', async () => {
    await withTestApplication(async (t) => {
      const codes = scripted(t, ({ type, id }) =>
        type === 'history' ? [{ type: 'history', id }] : null,
      )
      const live = connecting(t)
      const listening = new Listening(live.topic(Room, room).events())
      await t.clock.advance(10)
      const page = live.topic(Room, room).history().catch(returned)
      await t.clock.advance(10)

      expect(await page).toBeInstanceOf(TypeError)
      expect(listening.error).toBeInstanceOf(TypeError)
      await live.connection.closed
      expect(codes).toEqual([4400])
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
        if (type === 'hello') return null
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
