import { describe, expect, it } from 'vitest'
import { WebSockets } from '../../../src/index.ts'
import type { Outbound, WebSocketSession } from '../../../src/session/index.ts'
import { withTestApplication } from '../../../src/testing/index.ts'
import { createTestEnvironment, settled } from '../../../src/testing/test-environment.ts'
import { defineTopic, memoryBroker, Topics } from '../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import { PlainFeed } from '../../../src/topics/node/session-feed.ts'
import { TopicNode } from '../../../src/topics/node/topic-node.ts'
import { SessionOutlets } from '../../../src/topics/session-outlets.ts'

const EVENTS = 200
const NUMBERS = Array.from({ length: EVENTS }, (_, index) => index + 1)
const Plain = defineTopic('plain/:name')
const history = { size: 1000, age: 600_000 }
const Closing = defineTopic('closing/:name', { history, lagging: 'close' })
const SETTINGS = {
  namespace: 'a',
  nodeId: 'a',
  dedupeMs: 120_000,
  publishTimeoutMs: 10_000,
  lingerMs: 10_000,
  checkEveryMs: 25_000,
  whileDown: 'local',
} as const

/** A node whose sweeps can be held back, as if other work kept it busy. */
async function createNode() {
  const environment = createTestEnvironment(1)
  const held: Array<() => void> = []
  const loop = { isBusy: false }
  const deferPastIo: typeof environment.deferPastIo = (task, argument) => {
    if (loop.isBusy) held.push(() => task(argument))
    else environment.deferPastIo(task, argument)
  }
  const busy = { ...environment, deferPastIo, defer: deferPastIo }
  const nothing = { brokerChanged() {}, told() {}, message() {} }
  const node = new TopicNode(memoryBroker(), busy, SETTINGS, nothing)
  await node.open()
  return {
    node,
    publish: async (count: number): Promise<void> => {
      loop.isBusy = true
      for (let n = 1; n <= count; n++) {
        const envelope = encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData(n) })
        const request = { envelope, identity: null, expect: null, signal: null }
        await node.publish('closing/1', Closing, request)
      }
      loop.isBusy = false
      for (const task of held.splice(0)) task()
      await environment.clock.advance(10)
    },
  }
}

/** Sessions of a node, and what they are sent. Each takes everything. */
function createSessions(node: TopicNode) {
  const lagging: string[] = []
  const outlets = new SessionOutlets(node, {
    emit: (event) => void lagging.push(event),
    failed() {},
  })
  const create = async (): Promise<{ sent: Outbound[]; closed: unknown[] }> => {
    const [sent, closed]: [Outbound[], unknown[]] = [[], []]
    // What an outlet uses of a session.
    const session = {
      outgoing: { trySend: (data: Outbound) => (sent.push(data), 'sent') },
      closed: new Promise(() => {}),
      close: (reason: unknown) => Promise.resolve(void closed.push(reason)),
    } as unknown as WebSocketSession
    const frame = ({ event }: { event: unknown }): Outbound => JSON.stringify(event)
    const feed = new PlainFeed({ frame, gap: () => 'gap', live: () => 'live' }, () => {})
    await outlets.attach(outlets.receiverOf(session, feed), 'closing/1', Closing, 'now')
    return { sent, closed }
  }
  return { create, lagging }
}

describe('Subscription', () => {
  it('publishes that are awaited one by one leave no gap in a topic without history', async () => {
    await withTestApplication(async (t) => {
      t.application.install(WebSockets, { channels: { outgoing: { capacity: EVENTS } } })
      const topics = t.application.install(Topics)
      const topic = topics.topic(Plain, { name: 'x' })
      t.application.routing((route) => {
        route.webSocket('/', async (session) => {
          await topic.subscribe(session, {
            frame: ({ event }) => JSON.stringify(event),
            gap: () => 'gap',
          })
          await session.closed
        })
      })
      const session = await t.connect('/')
      await t.settle()

      for (const n of NUMBERS) await topic.publish(n)

      const seen: string[] = []
      for (const _ of NUMBERS) {
        const frame = session.incoming.receive()
        await t.clock.advance(1)
        seen.push(new TextDecoder().decode((await frame).buffer))
      }
      expect(seen).toEqual(NUMBERS.map(String))
    })
  })

  it('T-44 close: a node that had no turn for its subscribers closes none, and all miss nothing', async () => {
    const { node, publish } = await createNode()
    const { create, lagging } = createSessions(node)
    const sessions = [await create(), await create(), await create()]
    await settled()

    await publish(EVENTS)

    for (const { sent, closed } of sessions) {
      expect(sent.length).toBe(EVENTS + 1)
      expect(closed).toEqual([])
    }
    expect(lagging).toEqual([])
    expect(node.subscribersOf('closing/1')).toBe(3)
    await node.close()
  })
})
