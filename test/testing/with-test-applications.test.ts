import { describe, expect, it } from 'vitest'
import { WebSockets } from '../../src/index.ts'
import { withTestApplications } from '../../src/testing/index.ts'
import { defineTopic, memoryBroker, MemoryLog, Topics } from '../../src/topics/index.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const room = { room: '1' }

describe('withTestApplications()', () => {
  it('runs several applications in one time, each with its own clients', async () => {
    const log = new MemoryLog()

    const result = await withTestApplications(
      3,
      (app, index) => {
        app.install(WebSockets)
        const topics = app.install(Topics, { broker: memoryBroker({ log }) })
        app.routing((route) => {
          route.webSocket('/feed', async (session) => {
            await topics.topic(Room, room).subscribe(session, {
              frame: ({ event }) => `${index}: ${JSON.stringify(event)}`,
            })
            await session.closed
          })
        })
      },
      async (tests) => {
        const sessions = await Promise.all(tests.map((t) => t.connect('/feed')))
        const [first] = tests
        await first?.settle()
        await first?.application.plugin(Topics).topic(Room, room).publish('hello')
        const received = sessions.map((session) => session.incoming.receive())
        await first?.clock.advance(1)
        expect(new Set(tests.map(({ clock }) => clock.now())).size).toBe(1)
        return Promise.all(received)
      },
    )

    expect(result.map((frame) => ('readText' in frame ? frame.readText() : ''))).toEqual([
      '0: "hello"',
      '1: "hello"',
      '2: "hello"',
    ])
  })

  it('T-35 T-37 a process that is gone disturbs no other, and its clients resume elsewhere', async () => {
    const log = new MemoryLog()
    await withTestApplications(
      2,
      (app) => {
        app.install(WebSockets)
        app.install(Topics, { broker: memoryBroker({ log }) })
      },
      async ([a, b]) => {
        const [first, second] = [a!.application.plugin(Topics), b!.application.plugin(Topics)]
        const events = first.topic(Room, room).events()
        await first.topic(Room, room).publish('one')
        const position = await first.topic(Room, room).position()
        await second.topic(Room, room).publish('two')
        await first.close()
        await second.topic(Room, room).publish('three')

        const resumed = second.topic(Room, room).events({ from: position })
        const seen = [await resumed.next(), await resumed.next()]

        expect(seen.map(({ value }) => value)).toMatchObject([
          { offset: 2, event: 'two' },
          { offset: 3, event: 'three' },
        ])
        await events.return?.()
      },
    )
  })

  it('refuses a count below 1', async () => {
    await expect(
      withTestApplications(
        0,
        () => {},
        () => {},
      ),
    ).rejects.toThrow(RangeError)
  })
})
