import { describe, expect, expectTypeOf, it } from 'vitest'

import { createApplication, type Plugin, WebSockets } from '../../src/application/index.ts'
import { seconds } from '../../src/base/index.ts'
import { UpgradeRefusedError } from '../../src/client/index.ts'
import {
  Inspector,
  type InspectorInstance,
  InspectorOperator,
  type InspectorOptions,
} from '../../src/inspector/index.ts'
import { MAX_VIEWERS } from '../../src/inspector/inspector.ts'
import type { PageMessage } from '../../src/inspector/wire.ts'
import { inspect } from './inspected.ts'

const VIEW: PageMessage = {
  type: 'view',
  sort: 'rate',
  order: 'descending',
  route: null,
  text: '',
}

/** The status of an upgrade that is refused. */
async function statusOf(connecting: Promise<unknown>): Promise<number> {
  const error: unknown = await connecting.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof UpgradeRefusedError ? error.status : 101
}

describe('Inspector', () => {
  it('D-15 needs authorize: it does not compile without it, and does not start', () => {
    const app = createApplication((each) => void each.install(WebSockets))

    // @ts-expect-error -- without authorize the page would be open to everybody
    expect(() => app.install(Inspector)).toThrow('option "authorize" is undefined')
    // @ts-expect-error -- the same, with other options
    expect(() => app.install(Inspector, { path: '/x' })).toThrow('"authorize" is undefined')
    expectTypeOf<typeof Inspector>().toEqualTypeOf<Plugin<InspectorOptions, InspectorInstance>>()
  })

  it.each([
    [() => new Response('no', { status: 401 }), 401],
    [() => Promise.resolve(new Response('no', { status: 403 })), 403],
    [() => false, 500],
    [() => null, 500],
    [() => Promise.resolve(true), 500],
    [() => Promise.reject(new Error('on purpose')), 500],
  ])('D-15 the session of the page opens for undefined alone: %s', async (authorize, status) => {
    // The types forbid most of these; JavaScript does not.
    const wrong = authorize as unknown as InspectorOptions['authorize']
    await inspect({ authorize: wrong }, async ({ t, open, app }) => {
      expect(await statusOf(open())).toBe(status)
      t.takeFailures()
      expect(app.statistics().upgradesRefused).toEqual({})
    })
  })

  it('D-15 an authorize that never answers refuses after 10 seconds', async () => {
    await inspect({ authorize: () => new Promise(() => {}) }, async ({ t }) => {
      const opening = statusOf(t.connectRaw('/towpath'))
      await t.clock.advance(seconds(10))

      expect(await opening).toBe(503)
    })
  })

  it('D-15 a page of another site may not look, whatever the application allows', async () => {
    await inspect({}, async ({ open }) => {
      expect(await statusOf(open({ origin: 'https://elsewhere.example' }))).toBe(403)
      expect(await statusOf(open({ origin: 'http://localhost' }))).toBe(101)
    })
  })

  it('D-15 a page that may not look any longer is closed within 30 seconds', async () => {
    let isAllowed = true
    const authorize = (): Response | undefined =>
      isAllowed ? undefined : new Response('no', { status: 401 })
    await inspect({ authorize }, async ({ t, open }) => {
      const { session: old } = await open()
      await t.clock.advance(seconds(31))
      // This page is reviewed for the first time 30 seconds after the permission is gone.
      const { session: young } = await open()
      const before = old.signal.aborted
      isAllowed = false
      await t.clock.advance(seconds(30))

      expect(before).toBe(false)
      expect([old.signal.aborted, young.signal.aborted]).toEqual([true, true])
      for (const { closeReason } of [old, young]) {
        const { code, message } = await closeReason
        expect([code, message]).toEqual([1008, 'Not authorized any longer'])
      }
    })
  })

  it('D-15 at most 16 pages are open at a time', async () => {
    await inspect({}, async ({ open, t }) => {
      for (let page = 0; page < MAX_VIEWERS; page++) await open()
      const { session } = await open()
      await t.settle()

      expect((await session.closeReason).code).toBe(1013)
    })
  })

  it('the path is refused if a route has it, and the other way round', () => {
    const app = createApplication((each) => void each.install(WebSockets))
    app.routing((route) => route.webSocket('/chat', () => {}))
    const authorize = () => undefined

    expect(() => app.install(Inspector, { authorize, path: '/chat' })).toThrow('/chat')
    app.install(Inspector, { authorize, path: '/admin/live' })
    expect(() => app.routing((route) => route.webSocket('/admin/live', () => {}))).toThrow('/admin')
  })

  it.each(['towpath', '/', '/a/:b', '/a/**', '/a?b', '', 7])('refuses the path %j', (path) => {
    const app = createApplication((each) => void each.install(WebSockets))
    const options = { authorize: () => undefined, path } as InspectorOptions // wrong on purpose

    expect(() => app.install(Inspector, options)).toThrow('option "path" is')
  })

  it('D-17 shows sums, and at most 200 sessions, which the server sorts and filters', async () => {
    await inspect({}, async ({ t, open }) => {
      for (let number = 0; number < 250; number++) {
        const session = await t.connect(`/echo/${number}`, { remoteHost: `10.0.0.${number}` })
        if (number === 7) await session.send('x'.repeat(5000))
      }
      const page = await open()
      const all = await page.snapshot()
      await page.ask({ ...VIEW, sort: 'bytes', text: '10.0.0.7' })
      const some = await page.snapshot()
      await page.ask({ ...VIEW, sort: 'age', route: '/nothing' })
      const none = await page.snapshot()

      expect(all.rows).toHaveLength(200)
      expect([all.matching, all.facts.sample.sessions]).toEqual([250, 250])
      expect(all.facts.routes).toMatchObject([{ route: '/echo/:name', sessions: 250 }])
      expect(some.matching).toBe(11)
      expect(some.rows[0]).toMatchObject({ remote: '10.0.0.7', messages: 2 })
      expect([none.matching, none.rows, none.facts.sample.sessions]).toEqual([0, [], 250])
    })
  })

  it('D-17 makes one pass a second while a page is open, and none afterwards', async () => {
    let visits = 0
    await inspect({}, async ({ t, app, open }) => {
      await t.connect('/echo/a')
      const [served] = app.sessions
      if (served === undefined) throw new Error('no session')
      const { statistics } = served
      Object.defineProperty(served, 'statistics', {
        get: () => {
          visits++
          return statistics
        },
      })
      const pages = [await open(), await open()]
      await t.clock.advance(seconds(5))
      const whileOpen = visits
      for (const page of pages) void page.session.close()
      await t.settle()
      visits = 0
      await t.clock.advance(seconds(60))

      expect(whileOpen).toBe(5)
      expect(visits).toBe(0)
    })
  })

  it('D-17 a slow page gets no queue, and then the newest snapshot', async () => {
    await inspect({}, async ({ t, open }) => {
      for (let number = 0; number < 200; number++) await t.connect(`/echo/${number}`)
      const page = await open()
      await page.snapshot()
      page.session.network.slowReader()
      await t.clock.advance(seconds(20))
      await t.connect('/echo/late')
      page.session.network.slowReader(false)
      await t.settle()
      const late = page.snapshots.length
      const newest = await page.facts()

      // What the two kernels hold, and one snapshot.
      expect(late).toBeLessThan(10)
      expect(newest.opened).toBe(201)
    })
  })

  it('D-17 each byte is counted once, whether its session runs or has ended', async () => {
    await inspect({}, async ({ t, open }) => {
      const page = await open()
      await page.snapshot()
      const session = await t.connect('/echo/a')
      await session.send('hi')
      const first = await page.facts()
      await session.send('hi')
      await t.settle()
      void session.close()
      const second = await page.facts()
      const third = await page.facts()

      expect([first, second, third].map(({ sample }) => sample.messagesIn)).toEqual([1, 1, 0])
      expect([first, second, third].map(({ sample }) => sample.opened)).toEqual([1, 0, 0])
      expect([first, second, third].map(({ sample }) => sample.closed)).toEqual([0, 1, 0])
    })
  })

  it('D-18 shows no payload, no query and no cookie', async () => {
    await inspect({}, async ({ t, open }) => {
      const session = await t.connect('/echo/secret-name?token=secret-query', {
        cookies: { id: 'secret-cookie' },
        protocols: ['v1'],
      })
      const page = await open({ cookies: { id: 'secret-own-cookie' } })
      await session.send('secret-payload')
      await page.snapshot()
      await session.close()
      await page.snapshot()

      const text = JSON.stringify(page.received)
      expect(text).not.toContain('secret')
      expect(text).toContain('"protocol":"v1"')
    })
  })

  it('D-19 closes a session that is shown, and logs who did it', async () => {
    const authorize: InspectorOptions['authorize'] = ({ attributes }) =>
      attributes.put(InspectorOperator, 'ada')
    await inspect({ authorize, actions: true }, async ({ t, open, lines }) => {
      const session = await t.connect('/echo/a', { remoteHost: '10.0.0.7' })
      const page = await open({ remoteHost: '10.0.0.9' })
      const { rows } = await page.snapshot()
      await page.ask({ type: 'close', session: rows[0]?.id ?? '' })
      await page.ask({ type: 'close', session: 'another' })

      const { code, message } = await session.closeReason
      expect([code, message]).toEqual([1001, 'Closed by an operator'])
      expect(page.received.filter(({ type }) => type === 'closing')).toEqual([
        { type: 'closing', session: rows[0]?.id, found: true },
        { type: 'closing', session: 'another', found: false },
      ])
      expect(lines.filter(([level]) => level === 'warn')).toEqual([
        [
          'warn',
          'WebSocket session closed by an operator',
          {
            session: rows[0]?.id,
            route: '/echo/:name',
            remote: '10.0.0.7',
            operator: 'ada',
            operatorRemote: '10.0.0.9',
          },
        ],
      ])
    })
  })

  it('D-19 without actions a page that closes sessions is closed, and they go on', async () => {
    await inspect({}, async ({ t, open }) => {
      const session = await t.connect('/echo/a')
      const page = await open()
      const { rows } = await page.snapshot()
      await page.ask({ type: 'close', session: rows[0]?.id ?? '' })

      expect((await page.session.closeReason).code).toBe(1008)
      expect(session.signal.aborted).toBe(false)
    })
  })

  it('D-19 each action asks authorize again', async () => {
    let isAllowed = true
    const authorize = (): Response | undefined =>
      isAllowed ? undefined : new Response('no', { status: 401 })
    await inspect({ authorize, actions: true }, async ({ t, open }) => {
      const session = await t.connect('/echo/a')
      const page = await open()
      const { rows } = await page.snapshot()
      isAllowed = false
      await page.ask({ type: 'close', session: rows[0]?.id ?? '' })

      expect((await page.session.closeReason).code).toBe(1008)
      expect(session.signal.aborted).toBe(false)
    })
  })

  it.each([
    'hello',
    'null',
    '[]',
    '{}',
    '{"type":"__proto__"}',
    '{"type":"close"}',
    JSON.stringify({ ...VIEW, sort: 'toString' }),
    JSON.stringify({ ...VIEW, order: 1 }),
    JSON.stringify({ ...VIEW, route: 7 }),
    JSON.stringify({ ...VIEW, text: 'x'.repeat(101) }),
  ])('D-15 a page that lies is closed: %s', async (message) => {
    await inspect({ actions: true }, async ({ open }) => {
      const page = await open()
      await page.ask(message)

      expect((await page.session.closeReason).code).toBe(1008)
    })
  })

  it('D-20 its own sessions and refusals are in no counter and in no event', async () => {
    let isAllowed = true
    const authorize = (): Response | undefined =>
      isAllowed ? undefined : new Response('no', { status: 401 })
    await inspect({ authorize }, async ({ t, app, open }) => {
      const heard: string[] = []
      for (const name of [
        'sessionOpened',
        'sessionClosed',
        'upgradeRefused',
        'limitReached',
      ] as const) {
        app.monitor.on(name, () => heard.push(name))
      }
      const page = await open()
      const { facts } = await page.snapshot()
      isAllowed = false
      await statusOf(open())
      void page.session.close()
      await t.settle()

      expect(heard).toEqual([])
      expect([...app.sessions]).toEqual([])
      expect(app.statistics()).toMatchObject({
        sessions: { opened: 0, closed: 0, active: 0 },
        upgradesRefused: {},
      })
      expect([facts.sample.sessions, facts.opened, facts.viewers]).toEqual([0, 0, 1])
    })
  })

  it('shows how sessions ended before a page was open, by code and with the last cause', async () => {
    await inspect({}, async ({ t, app, open }) => {
      app.routing((route) => {
        route.webSocket('/broken', () => {
          throw new RangeError('with a secret')
        })
      })
      const normal = await t.connect('/echo/a')
      await normal.close()
      await (
        await t.connect('/broken')
      ).closed
      t.takeFailures()
      const page = await open()
      const { closes, failures } = await page.facts()

      expect(closes).toMatchObject([
        { code: 1000, count: 1, last: { initiator: 'remote', cause: null } },
        { code: 1011, count: 1, last: { initiator: 'local', cause: 'RangeError' } },
      ])
      expect(failures).toMatchObject([{ route: '/broken', code: 1011, cause: 'RangeError' }])
      expect(JSON.stringify(page.received)).not.toContain('secret')
    })
  })

  it('pages are closed when the application stops', async () => {
    await inspect({}, async ({ app, open, t }) => {
      const { session } = await open()
      await app.stop({ grace: 0 })
      await t.settle()

      expect((await session.closeReason).code).toBe(1001)
    })
  })

  it('shows the topics of the process, with the state of the broker', async () => {
    const { defineTopic, Topics } = await import('../../src/topics/index.ts')
    await inspect({}, async ({ app, open, t }) => {
      const topics = app.install(Topics)
      const kind = defineTopic('rooms/:room', {})
      app.routing((route) => {
        route.webSocket('/rooms/:room', async (session) => {
          const topic = topics.topic(kind, session.call.parameters)
          await topic.subscribe(session, { frame: () => null })
          await session.incoming.consumeEach(() => {})
        })
      })
      for (const room of ['a', 'b', 'b']) await t.connect(`/rooms/${room}`)
      const page = await open()
      const facts = await page.facts()

      expect(facts.topics).toEqual({
        broker: 'up',
        count: 2,
        rows: [
          { topic: 'rooms/b', subscribers: 2, lag: 0 },
          { topic: 'rooms/a', subscribers: 1, lag: 0 },
        ],
      })
    })
  })
})
