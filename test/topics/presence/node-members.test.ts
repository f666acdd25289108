import { describe, expect, it } from 'vitest'
import { CloseReason, WebSockets } from '../../../src/index.ts'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { type TestApplication, withTestApplications } from '../../../src/testing/index.ts'
import {
  defineTopic,
  memoryBroker,
  MemoryLog,
  type Presence,
  type PresenceChange,
  PresenceKeyTakenError,
  type PresenceList,
  Topics,
} from '../../../src/topics/index.ts'
import { MemberTable } from '../../../src/topics/presence/member-table.ts'
import { NodeMembers } from '../../../src/topics/presence/node-members.ts'
import {
  encodePresence,
  type PresenceMessage,
} from '../../../src/topics/presence/presence-messages.ts'
import type { PresenceParts } from '../../../src/topics/presence/presence-parts.ts'

const Room = defineTopic('rooms/:room', { presence: { listed: 1000 } })
const room = { room: '1' }

interface Node {
  readonly t: TestApplication
  readonly presence: Presence
  readonly broker: object
}

/** Runs `block` with processes that share a broker and know of each other. */
async function withNodes(
  count: number,
  block: (log: MemoryLog, a: Node, b: Node, c: Node) => Promise<void>,
): Promise<void> {
  const log = new MemoryLog()
  const brokers: object[] = []
  await withTestApplications(
    count,
    (app) => {
      const broker = memoryBroker({ log })
      brokers.push(broker)
      app.install(WebSockets)
      const { presence } = app.install(Topics, { broker }).topic(Room, room)
      app.routing((route) => {
        route.webSocket('/reserved/:key/:holder', async (session) => {
          const { key, holder } = session.call.parameters
          try {
            await presence.join(session, key, holder, { holder })
          } catch (error) {
            if (!(error instanceof PresenceKeyTakenError)) throw error
            return session.close(new CloseReason(4001, 'Taken'))
          }
          for await (const _ of session.incoming);
        })
        route.webSocket('/losing/:key/:way', async (session) => {
          const { key, way } = session.call.parameters
          const error = new Error(`lost in ${way}`)
          const lost = (): void => {
            if (way === 'sync') throw error
            return Promise.reject(error) as never // An async function counts as `() => void`.
          }
          await presence.join(session, key, way, { holder: 'one', lost })
          for await (const _ of session.incoming);
        })
        route.webSocket('/:key/:name', async (session) => {
          const { key, name } = session.call.parameters
          const seat = await presence.join(session, key, name)
          for await (const frame of session.incoming) {
            if (frame.frameType === 1) seat.update(frame.readText())
          }
        })
      })
    },
    async (tests) => {
      const nodes = tests.map((t, index) => ({
        t,
        presence: t.application.plugin(Topics).topic(Room, room).presence,
        broker: brokers[index] ?? {},
      }))
      const [a, b = a, c = b] = nodes
      if (a === undefined || b === undefined || c === undefined) throw new Error('No process')
      await a.t.clock.advance(7000)
      await block(log, a, b, c)
    },
  )
}

async function list({ t, presence }: Node): Promise<PresenceList> {
  const listing = presence.list()
  await t.clock.advance(1000)
  return listing
}

async function keys(node: Node): Promise<string> {
  const { members } = await list(node)
  return members
    .map(({ key, meta }) => `${key}=${String(meta)}`)
    .sort()
    .join(' ')
}

/** The members that each process knows now, which reads them. */
function known(...nodes: readonly Node[]): Promise<string[]> {
  return Promise.all(
    nodes.map(async ({ presence }) => {
      const { members } = await presence.list()
      return members.map(({ key, meta }) => `${key}=${String(meta)}`).join(' ')
    }),
  )
}

class Watching {
  readonly changes: string[] = []

  constructor(presence: Presence) {
    void this.#watch(presence)
  }

  async #watch(presence: Presence): Promise<void> {
    for await (const change of presence.changes()) this.changes.push(shortOf(change))
  }
}

function shortOf(change: PresenceChange): string {
  if (change.type === 'members') {
    return `members(${change.members.map(({ key }) => key).join(',')})`
  }
  return change.type === 'count' ? `count(${change.count})` : `${change.type}(${change.member.key})`
}

describe('NodeMembers', () => {
  it('T-52 a list says whether every process that lives has answered', async () => {
    await withNodes(2, async (log, a, b) => {
      await a.t.connect('/ada/Ada')
      expect(await list(b)).toMatchObject({ complete: true, count: 1 })

      await b.t.clock.advance(20_000)
      log.cut(a.broker, { silent: true })
      expect(await list(b)).toMatchObject({ complete: false })
      await b.t.clock.advance(20_000)

      // It has had its lease, and counts no more.
      expect(await list(b)).toMatchObject({ complete: true, count: 0 })
    })
  })

  it('T-49 all processes agree within 2 seconds after the last change', async () => {
    await withNodes(3, async (_log, a, b, c) => {
      const watching = [a, b, c].map(({ presence }) => new Watching(presence))
      await a.t.clock.advance(1000)
      const ada = await a.t.connect('/ada/Ada')
      const bob = await b.t.connect('/bob/Bob')
      await a.t.settle()
      await ada.send('Ada Lovelace')
      await a.t.settle()
      void bob.close(new CloseReason(1000))
      await a.t.clock.advance(1900)

      expect(await known(a, b, c)).toEqual(Array(3).fill('ada=Ada Lovelace'))
      expect(watching[2]?.changes[0]).toBe('members()')
      expect(watching[2]?.changes).toContain('joined(ada)')
    })
  })

  it('T-49 all agree on what was said last, whichever process heard it', async () => {
    await withNodes(2, async (_log, a, b) => {
      new Watching(a.presence)
      new Watching(b.presence)
      await a.t.connect('/ada/first')
      await a.t.clock.advance(1000)
      const second = await b.t.connect('/ada/second')
      await a.t.clock.advance(1000)
      for (const node of [a, b]) expect(await keys(node)).toBe('ada=second')

      void second.close(new CloseReason(1000))
      await a.t.clock.advance(1000)

      for (const node of [a, b]) expect(await keys(node)).toBe('ada=first')
    })
  })

  it('T-49 a lost last message is found within 5 seconds', async () => {
    await withNodes(2, async (log, a, b) => {
      const watching = new Watching(b.presence)
      await b.t.clock.advance(1000)
      log.drop(1)
      await a.t.connect('/ada/Ada')
      await b.t.clock.advance(1000)
      expect(watching.changes).toEqual(['members()'])

      await b.t.clock.advance(4000)

      expect(watching.changes).toEqual(['members()', 'joined(ada)'])
    })
  })

  it('T-49 all agree within 5 seconds after a cut, and nobody has left because of it', async () => {
    await withNodes(2, async (log, a, b) => {
      const watching = new Watching(b.presence)
      const ada = await a.t.connect('/ada/Ada')
      await a.t.connect('/bob/Bob')
      await b.t.clock.advance(1000)
      log.cut()
      await b.t.clock.advance(60_000)
      void ada.close(new CloseReason(1000))
      await a.t.connect('/eve/Eve')
      await b.t.clock.advance(10_000)
      const before = watching.changes.length
      log.mend()
      await b.t.clock.advance(5000)

      expect(watching.changes.slice(before).sort()).toEqual(['joined(eve)', 'left(ada)'])
    })
  })

  it('T-36 T-50 the members of a process that dies leave with its lease', async () => {
    await withNodes(2, async (log, a, b) => {
      const watching = new Watching(b.presence)
      await a.t.connect('/ada/Ada')
      await b.t.clock.advance(1000)
      log.cut(a.broker, { silent: true })
      await b.t.clock.advance(9000)
      expect(watching.changes).toEqual(['members()', 'joined(ada)'])

      await b.t.clock.advance(11_000)

      expect(watching.changes).toEqual(['members()', 'joined(ada)', 'left(ada)'])
    })
  })

  it('T-36 T-47 who returns to another process is there all the time', async () => {
    await withNodes(2, async (log, a, b) => {
      const watching = new Watching(b.presence)
      await a.t.connect('/ada/Ada')
      await b.t.clock.advance(1000)
      log.cut(a.broker, { silent: true })
      await b.t.connect('/ada/Ada')
      await b.t.clock.advance(60_000)

      expect(watching.changes).toEqual(['members()', 'joined(ada)'])
    })
  })

  it('T-39 a process that stops takes its members along only after their grace', async () => {
    await withNodes(2, async (_log, a, b) => {
      const watching = new Watching(b.presence)
      await a.t.connect('/ada/Ada')
      await a.t.connect('/bob/Bob')
      await b.t.clock.advance(1000)
      const stopping = a.t.application.stop()
      await b.t.clock.advance(5000)
      await stopping
      await b.t.connect('/ada/Ada')
      await b.t.clock.advance(20_000)

      expect(watching.changes.slice(-3)).toEqual(['joined(ada)', 'joined(bob)', 'left(bob)'])
    })
  })

  it('many members come in several messages', async () => {
    await withNodes(2, async (_log, a, b) => {
      const session = await a.t.connect('/ada/Ada')
      for (let n = 0; n < 500; n++) await a.presence.join(session, `key ${n}`, n)
      await a.t.clock.advance(1000)

      expect(await list(b)).toMatchObject({ complete: true, count: 501 })
    })
  })

  it('nothing of a topic is kept, and nothing follows it, when nobody is there or looks', async () => {
    await withNodes(2, async (_log, a, b) => {
      const session = await a.t.connect('/ada/Ada')
      await list(b)
      void session.close(new CloseReason(1000))
      await b.t.clock.advance(60_000)

      expect(await list(b)).toEqual({ members: [], count: 0, complete: true })
    })
  })

  it('T-59 one session has a reserved key, in all processes', async () => {
    await withNodes(2, async (_log, a, b) => {
      const ada = await a.t.connect('/reserved/ada/one')
      const thief = await b.t.connect('/reserved/ada/two')
      await b.t.clock.advance(1000)

      expect((await thief.closeReason).code).toBe(4001)
      expect(ada.outgoing.isClosedForSend).toBe(false)
      expect(await keys(b)).toBe('ada=one')
    })
  })

  it('T-60 the keys of a process that stops are free after the grace', async () => {
    await withNodes(2, async (_log, a, b) => {
      await a.t.connect('/reserved/ada/one')
      await a.t.clock.advance(1000)
      await a.t.application.plugin(Topics).close()
      await b.t.clock.advance(9000)
      const early = await b.t.connect('/reserved/ada/two')
      await b.t.clock.advance(2000)
      const late = await b.t.connect('/reserved/ada/two')
      await b.t.clock.advance(1000)

      expect((await early.closeReason).code).toBe(4001)
      expect(late.outgoing.isClosedForSend).toBe(false)
    })
  })

  it('T-61 a session that lost its key is closed with 4103', async () => {
    await withNodes(2, async (log, a, b) => {
      const ada = await a.t.connect('/reserved/ada/one')
      await a.t.clock.advance(1000)
      log.cut(a.broker)
      await b.t.clock.advance(16_000)
      const heir = await b.t.connect('/reserved/ada/two')
      await b.t.clock.advance(1000)
      expect(ada.outgoing.isClosedForSend).toBe(false)

      log.mend(a.broker)
      await a.t.clock.advance(3000)

      expect(await ada.closeReason).toMatchObject({ code: 4103, message: 'Key taken' })
      expect(heir.outgoing.isClosedForSend).toBe(false)
      for (const node of [a, b]) expect(await keys(node)).toBe('ada=two')
    })
  })

  it('a function for a lost key that fails is logged, and stops no other', async () => {
    await withNodes(2, async (log, a, b) => {
      const sessions = [
        await a.t.connect('/losing/ada/sync'),
        await a.t.connect('/losing/bob/async'),
        await a.t.connect('/reserved/cem/one'),
      ]
      await a.t.clock.advance(1000)
      log.cut(a.broker)
      await b.t.clock.advance(16_000)
      for (const key of ['ada', 'bob', 'cem']) await b.t.connect(`/reserved/${key}/two`)
      await b.t.clock.advance(1000)

      log.mend(a.broker)
      await a.t.clock.advance(3000)

      expect(await sessions[2]?.closeReason).toMatchObject({ code: 4103 })
      expect(sessions[0]?.outgoing.isClosedForSend).toBe(false)
      expect(a.t.takeFailures()).toEqual([new Error('lost in sync'), new Error('lost in async')])
    })
  })
})

describe('NodeMembers', () => {
  /** The own members of one process, and what it sends about them. */
  function createMembers() {
    const { clock, timers } = createTestEnvironment(1)
    const sent: PresenceMessage[] = []
    let versions = 0
    const nodes = {
      id: 'a',
      nextVersion: () => ++versions,
      send: (_channel: string, message: PresenceMessage) => void sent.push(message),
    }
    const own = new MemberTable()
    const parts = { timers, nodes, isAlone: false }
    const owner = { all: new MemberTable(), own, changed() {}, answered() {}, idle() {} }
    // What the members use of their process.
    const members = new NodeMembers('rooms/1', parts as unknown as PresenceParts, owner)
    const sit = (key: string, size: number): void => {
      own.sit('seat', key, { meta: 'x'.repeat(size), stamp: 1, by: 'a' })
      members.ownChanged(key)
    }
    return { members, sit, sent, clock }
  }

  it('T-49 members with large metas are told in messages that every broker takes', async () => {
    const { members, sit, sent, clock } = createMembers()
    for (let n = 0; n < 20; n++) sit(`${n}`, 60_000)
    sit('alone', 500_000)
    await clock.advance(100)
    const deltas = sent.splice(0)
    members.answer()

    const sizeOf = (message: PresenceMessage): number => encodePresence(message).length
    for (const all of [deltas, sent]) {
      expect(all).toHaveLength(11)
      expect(
        all
          .slice(0, 10)
          .map(sizeOf)
          .every((size) => size < 132_000),
      ).toBe(true)
    }
    const changes = deltas.flatMap((each) => (each.type === 'delta' ? each.changes : []))
    expect(changes.map(([key]) => key)).toEqual([...Array(20).keys(), 'alone'].map(String))
    const parts = sent.flatMap((each) => (each.type === 'snapshot' ? [each] : []))
    expect(parts.map(({ part }) => part)).toEqual([...Array(11).keys()])
    expect(parts.map(({ isLast }) => isLast).indexOf(true)).toBe(10)
    members.end()
  })

  it('a process without members says so in one message', () => {
    const { members, sent } = createMembers()

    members.answer()

    expect(sent).toMatchObject([{ type: 'snapshot', part: 0, isLast: true, members: [] }])
  })
})
