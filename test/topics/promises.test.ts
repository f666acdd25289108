import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { embeddedServer, type EmbeddedServer, Frame, seconds, WebSockets } from '../../src/index.ts'
import { connectTopics } from '../../src/node-topics-client.ts'
import { withTestApplication } from '../../src/testing/index.ts'
import {
  BrokerUnavailableError,
  defineTopic,
  memoryBroker,
  MemoryLog,
  PublishUncertainError,
  Topics,
} from '../../src/topics/index.ts'
import { connectTopicsOn } from '../../src/topics/portable.ts'
import { Listening, TopicsWorld } from '../support/topics-world.ts'

const Room = defineTopic('rooms/:room', { history: { size: 500, age: 600_000 } })
const Strict = defineTopic('strict/:room', {
  history: { size: 100, age: 600_000 },
  event: z.string(),
})
const room = { room: '1' }

let world: TopicsWorld

beforeEach(() => {
  world = new TopicsWorld()
})

afterEach(() => world.end())

describe('what topics promise', () => {
  it('T-04 a subscription never sees an offset twice, nor one below its last', async () => {
    const [a, b] = [await world.open(), await world.open()]
    const listening = new Listening(b.topic(Room, room).events({ from: 'start' }))
    await world.pass(1)

    for (let n = 1; n <= 120; n++) {
      if (n % 7 === 0) world.log.drop(2)
      if (n % 11 === 0) world.log.delay(n % 3, b.broker.engine)
      if (n % 13 === 0) world.log.cut(b.broker.engine)
      await a.topic(Room, room).publish(n)
      if (n % 13 === 2) world.log.mend(b.broker.engine)
      if (n % 5 === 0) await world.pass(n % 4)
    }
    world.log.mend(b.broker.engine)
    await world.pass(60_000)

    const offsets = listening.items.flatMap((item) => (item.type === 'event' ? [item.offset] : []))
    expect(offsets).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
    expect(listening.short).not.toContain('gap')
  })

  it('T-10 each position means: everything up to here is known', async () => {
    const [a, b] = [await world.open(), await world.open()]
    for (let n = 1; n <= 10; n++) await a.topic(Room, room).publish(n)
    const { epoch } = await a.topic(Room, room).position()

    for (let offset = 0; offset <= 10; offset++) {
      const from = { epoch, offset, away: 0 }
      const listening = new Listening(b.topic(Room, room).events({ from }))
      await world.pass(1000)
      expect(listening.events).toEqual(
        Array.from({ length: 10 - offset }, (_, index) => offset + index + 1),
      )
      expect(listening.short).not.toContain('gap')
    }
  })

  it('T-15 what is published after subscribed was sent is seen, however late the wire is', async () => {
    for (const delay of [0, 1, 20, 500]) {
      const late = new TopicsWorld()
      const [writer, reader] = [await late.open(), await late.open()]
      await writer.topic(Room, room).publish('before')
      late.log.delay(delay, reader.broker.engine)
      const published: Array<Promise<unknown>> = []
      const listening = new Listening(reader.topic(Room, room).events())
      void listening.until(() => {
        if (listening.short === 'live') {
          published.push(writer.topic(Room, room).publish('after'))
        }
        return listening.events.length > 0
      })
      await late.pass(5000)

      expect(published).toHaveLength(1)
      expect(listening.short).toBe('live 2')
      await late.end()
    }
  })

  it('T-16 a position, then a database, then a subscription miss nothing, however they interleave', async () => {
    const [writer, reader] = [await world.open(), await world.open()]
    const database = new Set<number>()
    let next = 0
    async function write(count: number): Promise<void> {
      for (let index = 0; index < count; index++) {
        database.add(next)
        await writer.topic(Room, room).publish(next++)
      }
    }

    for (let schedule = 0; schedule < 27; schedule++) {
      await write(schedule % 3)
      const from = await reader.topic(Room, room).position()
      await write(Math.floor(schedule / 3) % 3)
      const seen = new Set<unknown>(database)
      await write(Math.floor(schedule / 9) % 3)
      const listening = new Listening(reader.topic(Room, room).events({ from }))
      await write(1)
      await world.pass(1000)
      for (const event of listening.events) seen.add(event)
      await listening.stop()

      expect([...seen]).toEqual([...database])
    }
  })

  it('T-19 a publish that is rejected is not in the log', async () => {
    const topics = await world.open({ maxEventBytes: 100 })
    const topic = topics.topic(Strict, room)
    const { epoch, offset } = await topic.publish('stored')
    const expected = { epoch: epoch ?? '', offset: (offset ?? 0) + 1 }

    // What a schema refuses cannot be written in types.
    await expect(topic.publish(1 as unknown as string)).rejects.toMatchObject({ reason: 'schema' })
    await expect(topic.publish('x'.repeat(200))).rejects.toMatchObject({ reason: 'size' })
    await expect(topic.publish('late', { expect: expected })).rejects.toMatchObject({
      reason: 'expectation',
    })
    world.log.cut()
    await expect(topic.publish('away')).rejects.toThrow(BrokerUnavailableError)
    world.log.mend()
    const aborted = AbortSignal.abort(new Error('stopped'))
    await expect(topic.publish('aborted', { signal: aborted })).rejects.toThrow('stopped')

    const listening = new Listening(topic.events({ from: 'start' }))
    await world.pass(1000)
    expect(listening.events).toEqual(['stored'])
  })

  it('T-25 an event is validated before it is sent, and again before it is stored', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const topics = t.application.install(Topics)
      topics.allow(Strict, { publish: () => true })
      t.application.routing((route) => topics.serve(route, '/live'))
      const live = connectTopicsOn({
        connect: (protocols, opened) =>
          t.client.connect('ws://localhost/live', { protocols, opened }),
        clock: t.clock,
      })
      const outcome = (publish: Promise<unknown>) => publish.catch((error: unknown) => error)

      // The first is refused by the page's own schema. The second page has another schema.
      const invalid = 1 as unknown as string
      const here = outcome(live.topic(Strict, room).publish(invalid))
      const Lenient = defineTopic('strict/:room')
      const there = outcome(live.topic(Lenient, room).publish(1))
      // The page is not connected: it has sent nothing.
      expect(await here).toMatchObject({ reason: 'schema' })
      expect(live.unanswered).toBe(1)
      await t.clock.advance(100)

      expect(await there).toMatchObject({ reason: 'schema' })
      expect(await topics.topic(Strict, room).position()).toMatchObject({ offset: 0 })
      await live.close()
    })
  })

  it('T-21 a client does not send again after dedupe: nobody knows then', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const topics = t.application.install(Topics, { dedupe: 5000 })
      topics.allow(Room, { publish: () => true })
      t.application.routing((route) => topics.serve(route, '/live'))
      const live = connectTopicsOn({
        connect: (protocols, opened) =>
          t.client.connect('ws://localhost/live', {
            protocols,
            opened,
            reconnect: { baseDelay: 1000, maxDelay: 1000, jitter: 0 },
          }),
        clock: t.clock,
      })
      await t.clock.advance(10)
      t.network.halfOpen()
      const published = live
        .topic(Room, room)
        .publish('x')
        .catch((error: unknown) => error)
      await t.clock.advance(10)
      t.network.refuse()
      t.network.reset()
      await t.clock.advance(10_000)
      t.network.restore()
      await t.clock.advance(10_000)

      expect(await published).toBeInstanceOf(PublishUncertainError)
      expect(await topics.topic(Room, room).position()).toMatchObject({ offset: 0 })
    })
  })
})

describe('a slow client', () => {
  const Closing = defineTopic('closing/:room', {
    history: { size: 1000, age: 600_000 },
    lagging: 'close',
  })

  it('T-44 close: a client that was too slow is closed with 4101, resumes, and misses nothing', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets, { channels: { outgoing: { capacity: 4 } } })
      const topics = t.application.install(Topics)
      topics.allow(Closing, { subscribe: () => true })
      t.application.routing((route) => topics.serve(route, '/live'))
      const codes: number[] = []
      t.application.monitor.on('sessionClosed', ({ info }) => codes.push(info.reason.code))
      const live = connectTopicsOn({
        connect: (protocols, opened) =>
          t.client.connect('ws://localhost/live', {
            protocols,
            opened,
            reconnect: { baseDelay: 1000, maxDelay: 1000, jitter: 0 },
          }),
        clock: t.clock,
      })
      const listening = new Listening(live.topic(Closing, room).events())
      await t.clock.advance(10)
      t.network.slowReader()
      for (let n = 1; n <= 300; n++) {
        await topics.topic(Closing, room).publish({ n, padding: 'x'.repeat(8000) })
        if (n % 10 === 0) await t.clock.advance(1)
      }
      t.network.slowReader(false)
      await t.clock.advance(60_000)

      expect(codes).toEqual([4101])
      expect(listening.events.map((event) => (event as { n: number }).n)).toEqual(
        Array.from({ length: 300 }, (_, index) => index + 1),
      )
      expect(listening.short).not.toContain('gap')
      await live.close()
    })
  })
})

describe('beside topics', () => {
  it('T-08 a frame of a handler is given to one session, once, whatever topics do', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const topics = t.application.install(Topics)
      topics.allow(Room, { publish: () => true, subscribe: () => true })
      t.application.routing((route) => {
        topics.serve(route, '/live')
        route.webSocket('/echo', async ({ incoming, send }) => {
          for await (const frame of incoming) await send(frame)
        })
      })
      const sessions = [await t.connect('/echo'), await t.connect('/echo')]
      for (let n = 0; n < 20; n++) {
        await topics.topic(Room, room).publish(n)
        await sessions[n % 2]?.send(`${n}`)
      }
      const received: string[][] = [[], []]
      for (const [index, session] of sessions.entries()) {
        for (let n = 0; n < 10; n++) {
          const frame = await session.incoming.receive()
          received[index]?.push(frame instanceof Frame.Text ? frame.readText() : 'no text')
        }
        expect(session.incoming.tryReceive()).toMatchObject({ type: 'empty' })
      }

      const all = Array.from({ length: 20 }, (_, n) => n)
      expect(received[0]).toEqual(all.filter((n) => n % 2 === 0).map(String))
      expect(received[1]).toEqual(all.filter((n) => n % 2 === 1).map(String))
    })
  })
})

describe('drain', () => {
  /** A server on a free port, with topics on `log`. */
  async function serve(log: MemoryLog): Promise<EmbeddedServer> {
    const server = embeddedServer({ port: 0, host: '127.0.0.1', signals: false }, (app) => {
      app.install(WebSockets)
      const broker = memoryBroker({ log })
      const topics = app.install(Topics, { broker, secret: 'a secret of all processes' })
      topics.allow(Room, { publish: () => true, subscribe: () => true })
      app.routing((route) => topics.serve(route, '/live'))
    })
    await server.start()
    return server
  }

  it('T-38 a server that stops answers or refuses every publish it has read, and its clients resume on another', async () => {
    const log = new MemoryLog()
    const [first, second] = [await serve(log), await serve(log)]
    let target = first
    const url = (): string => `ws://127.0.0.1:${target.address.port}/live`
    const lives = Array.from({ length: 4 }, () => connectTopics(url))
    const listening = lives.map((live) => new Listening(live.topic('rooms/1').events()))
    for (const each of listening) await each.until(() => each.short === 'live')

    const publishes = lives.flatMap((live, client) =>
      Array.from({ length: 10 }, (_, n) => live.topic('rooms/1').publish(`${client}-${n}`)),
    )
    target = second
    const times = { grace: { milliseconds: 100 }, reconnectWithin: { milliseconds: 200 } }
    const counts = await first.stop({ ...times, timeout: seconds(20) })
    const published = await Promise.all(publishes)

    expect(counts).toMatchObject({ sessions: 4, aborted: 0 })
    expect(new Set(published.map(({ offset }) => offset)).size).toBe(40)
    const order = (client: number): string[] =>
      Array.from({ length: 10 }, (_, n) => `${client}-${n}`)
    for (const each of listening) {
      await each.until(() => each.events.length === 40)
      expect(each.events).toEqual(listening[0]?.events)
      expect(each.short).not.toContain('gap')
      const events = each.events.map(String)
      for (let client = 0; client < lives.length; client++) {
        expect(events.filter((event) => event.startsWith(`${client}-`))).toEqual(order(client))
      }
    }
    await Promise.all(lives.map((live) => live.close()))
    await second.stop({ timeout: seconds(20) })
  })
})
