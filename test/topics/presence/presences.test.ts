import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CloseReason, WebSockets } from '../../../src/index.ts'
import {
  type TestApplication,
  type TestSession,
  withTestApplication,
} from '../../../src/testing/index.ts'
import {
  defineTopic,
  memoryBroker,
  type Member,
  MemoryLog,
  type Presence,
  type PresenceChange,
  PresenceKeyTakenError,
  type Seat,
  Topics,
  type TopicsOfProcess,
} from '../../../src/topics/index.ts'

const Room = defineTopic('rooms/:room', {
  presence: { meta: z.object({ name: z.string() }), listed: 3 },
})
const Hall = defineTopic('halls/:room', { presence: {} })
const room = { room: '1' }

/** Each client joins under the key that its path says. */
function serving(t: TestApplication): { topics: TopicsOfProcess; presence: Presence } {
  t.application.install(WebSockets)
  const topics = t.application.install(Topics)
  const { presence } = topics.topic(Room, room)
  t.application.routing((route) => {
    route.webSocket('/:key/:name', async (session) => {
      const { key, name } = session.call.parameters
      const seat = await presence.join(session, key, { name })
      for await (const frame of session.incoming) {
        if (frame.frameType === 1) seat.update({ name: frame.readText() })
        else seat.leave()
      }
    })
  })
  return { topics, presence }
}

class Watching {
  readonly changes: PresenceChange[] = []

  constructor(presence: Presence) {
    void this.#watch(presence)
  }

  get short(): string {
    return this.changes.map(shortOf).join(' ')
  }

  async #watch(presence: Presence): Promise<void> {
    for await (const change of presence.changes()) this.changes.push(change)
  }
}

function shortOf(change: PresenceChange): string {
  if (change.type === 'members') {
    return `members(${change.members.map(({ key }) => key).join(',')} of ${change.count})`
  }
  return change.type === 'count' ? `count(${change.count})` : `${change.type}(${change.member.key})`
}

/** The members that a loop over `changes` knows: those of the newest list, and what came since. */
function membersAfter(changes: readonly PresenceChange[]): Member[] {
  const members = new Map<string, Member>()
  for (const change of changes) {
    if (change.type === 'members') {
      members.clear()
      for (const member of change.members) members.set(member.key, member)
    } else if (change.type === 'left') members.delete(change.member.key)
    else if (change.type !== 'count') members.set(change.member.key, change.member)
  }
  return [...members.values()]
}

function sorted(members: readonly Member[]): Member[] {
  return [...members].sort((a, b) => (a.key < b.key ? -1 : 1))
}

async function leave(t: TestApplication, session: TestSession): Promise<void> {
  void session.close(new CloseReason(1000))
  await t.clock.advance(10)
}

describe('Presences', () => {
  it('T-45 a key is present while one connection with it is joined', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      const watching = new Watching(presence)
      const first = await t.connect('/ada/Ada')
      const second = await t.connect('/ada/Ada')
      await t.settle()
      await second.send('Ada Lovelace')
      await t.settle()
      await leave(t, first)
      expect(await presence.count()).toBe(1)
      await leave(t, second)

      expect(watching.short).toBe('members( of 0) joined(ada) updated(ada) left(ada)')
      expect(await presence.list()).toEqual({ members: [], count: 0, complete: true })
    })
  })

  it('T-46 a connection that breaks counts for the grace, one that closes with 1000 does not', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      const broken = await t.connect('/ada/Ada')
      const closed = await t.connect('/bob/Bob')
      await t.settle()

      broken.network.reset()
      await leave(t, closed)
      expect((await presence.list()).members.map(({ key }) => key)).toEqual(['ada'])
      await t.clock.advance(9000)
      expect(await presence.count()).toBe(1)
      await t.clock.advance(1000)

      expect(await presence.count()).toBe(0)
    })
  })

  it('T-47 who returns within the grace is not seen to leave and join', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      const watching = new Watching(presence)
      const broken = await t.connect('/ada/Ada')
      await t.settle()
      broken.network.reset()
      await t.clock.advance(5000)
      const back = await t.connect('/ada/Ada')
      await t.clock.advance(20_000)
      expect(watching.short).toBe('members( of 0) joined(ada)')

      await leave(t, back)

      expect(watching.short).toBe('members( of 0) joined(ada) left(ada)')
    })
  })

  it('T-48 changes begin with the members, and are consistent with them', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      await t.connect('/ada/Ada')
      await t.settle()
      const watching = new Watching(presence)
      const bob = await t.connect('/bob/Bob')
      await t.settle()
      await bob.send(new Uint8Array([0]))
      await t.settle()

      expect(watching.short).toBe('members(ada of 1) joined(bob) left(bob)')
      expect(watching.changes[0]).toMatchObject({
        members: [{ key: 'ada', meta: { name: 'Ada' } }],
      })
    })
  })

  it('T-48 the members with all changes since are the members now, whatever happens', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      await t.connect('/ada/Ada')
      await t.settle()
      const session = [...t.application.sessions].at(-1)
      if (session === undefined) throw new Error('Cannot join: there is no session')
      const watching = new Watching(presence)
      await t.settle()
      const seats = new Map<string, Awaited<ReturnType<Presence['join']>>>()
      for (let n = 1; n <= 300; n++) {
        const key = `k${(n * 7) % (n < 200 ? 2 : 5)}`
        const seat = seats.get(key)
        if (seat === undefined) seats.set(key, await presence.join(session, key, { name: `${n}` }))
        else if (n % 3 === 0) seat.update({ name: `${n}` })
        else {
          seat.leave()
          seats.delete(key)
        }
        if (n % 10 === 0) await t.clock.advance(n)
      }
      for (const seat of [...seats.values()].slice(2)) seat.leave()
      await t.clock.advance(2000)

      expect(sorted(membersAfter(watching.changes))).toEqual(
        sorted((await presence.list()).members),
      )
      expect(watching.changes.map(({ type }) => type)).toContain('updated')
    })
  })

  it('T-51 above the listed members there is a count and a sample, and no single events', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      const watching = new Watching(presence)
      const sessions = []
      for (const key of ['a', 'b', 'c', 'd', 'e']) sessions.push(await t.connect(`/${key}/x`))
      await t.clock.advance(1000)
      expect(watching.short).toBe('members( of 0) joined(a) joined(b) joined(c) count(5)')
      expect(await presence.list()).toMatchObject({ count: 5, members: { length: 3 } })

      for (const session of sessions.slice(0, 2)) await leave(t, session)
      await t.clock.advance(1000)

      expect(watching.short).toContain('count(5) members(c,d,e of 3)')
    })
  })

  it('T-51 one who comes and goes at the limit costs a watch one list a second, and not one each time', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      for (const key of ['a', 'b', 'c']) await t.connect(`/${key}/x`)
      const watching = new Watching(presence)
      await t.settle()
      const session = [...t.application.sessions].at(-1)
      if (session === undefined) throw new Error('Cannot join: there is no session')
      for (let second = 0; second < 5; second++) {
        for (let n = 0; n < 50; n++) {
          const seat = await presence.join(session, `e${n}`, { name: 'x' })
          seat.leave()
          await t.clock.advance(20)
        }
      }
      await t.clock.advance(2000)

      expect(watching.changes.length).toBeLessThan(20)
      expect(watching.short).toMatch(/members\(a,b,c of 3\)$/)
    })
  })

  it('T-52 a list is not complete where other processes may have members', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const broker = memoryBroker({ log: new MemoryLog() })
      const { presence } = t.application.install(Topics, { broker }).topic(Room, room)

      const listing = presence.list()
      await t.clock.advance(1000)
      expect((await listing).complete).toBe(false)
    })
  })

  it('T-45 a session that joins between two counts of one turn is a member', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets)
      const { presence } = t.application.install(Topics).topic(Hall, room)
      t.application.routing((route) => {
        route.webSocket('/', ({ incoming }) => incoming.consumeEach(() => {}))
      })
      await t.connect('/')
      const [session] = t.application.sessions
      if (session === undefined) throw new Error('Cannot join: there is no session')

      const counting = presence.count()
      const joining = presence.join(session, 'ada', null)
      await Promise.all([counting, joining, presence.count()])

      expect(await presence.count()).toBe(1)
    })
  })

  it('refuses keys and metas that are invalid, and kinds without presence', async () => {
    await withTestApplication(async (t) => {
      const { topics, presence } = serving(t)
      const session = await t.connect('/ada/Ada')
      const join = (key: string, meta: unknown): Promise<unknown> =>
        presence.join(session, key, meta)

      await expect(join('', { name: 'x' })).rejects.toThrow(TypeError)
      await expect(join('x', { name: 1 })).rejects.toMatchObject({ reason: 'schema' })
      await expect(join('x', { name: 'x'.repeat(2000) })).rejects.toMatchObject({ reason: 'size' })
      expect(() => topics.topic(defineTopic('plain')).presence).toThrow(TypeError)
    })
  })

  it("T-60 a reserved key is its holder's for the grace, and a holder that returns keeps it", async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      const join = async (session: TestSession, holder: string): Promise<Seat<unknown>> =>
        presence.join(session, 'ada', { name: 'Ada' }, { holder })
      const other = await t.connect('/x/X')
      const first = await t.connect('/y/Y')
      await join(first, 'one')

      first.network.reset()
      await t.clock.advance(9000)
      await expect(join(other, 'two')).rejects.toThrow(PresenceKeyTakenError)
      const second = await t.connect('/z/Z')
      const seat = await join(second, 'one')
      await t.clock.advance(9000)
      await expect(join(other, 'two')).rejects.toThrow(PresenceKeyTakenError)
      second.network.reset()
      await t.clock.advance(10_000)

      await join(other, 'two')
      seat.leave()
      expect((await presence.list()).members.map(({ key }) => key).sort()).toEqual(['ada', 'x'])
    })
  })

  it('refuses options of a reserved key that are invalid', async () => {
    await withTestApplication(async (t) => {
      const { presence } = serving(t)
      const session = await t.connect('/ada/Ada')
      const join = (options: object): Promise<unknown> =>
        presence.join(session, 'x', { name: 'x' }, options)

      await expect(join({ holder: '' })).rejects.toThrow(TypeError)
      await expect(join({ holder: 'x'.repeat(256) })).rejects.toThrow(TypeError)
      await expect(join({ holder: 'x', lost: 1 })).rejects.toThrow(TypeError)
      await expect(join({ lost() {} })).rejects.toThrow(/expected "holder"/)
      await expect(join({ exclusive: true })).rejects.toThrow(/exclusive/)
    })
  })

  it('ends the loops over changes when the topics are closed', async () => {
    await withTestApplication(async (t) => {
      const { topics, presence } = serving(t)
      const changes = presence.changes()
      await changes.next()
      const last = changes.next()

      await topics.close()

      expect(await last).toEqual({ done: true, value: undefined })
    })
  })
})
