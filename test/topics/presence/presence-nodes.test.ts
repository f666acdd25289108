import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryBroker, MemoryLog } from '../../../src/topics/index.ts'
import {
  CONTROL_CHANNEL,
  decodePresence,
  encodePresence,
  type PresenceMessage,
} from '../../../src/topics/presence/presence-messages.ts'
import { PresenceNodes } from '../../../src/topics/presence/presence-nodes.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../src/testing/test-environment.ts'

let environment: TestEnvironment
let nodes: PresenceNodes
/** What `nodes` has said on the control channel. */
let said: PresenceMessage[]
let seen: string[]
let asked: string[]

/** A process that listens to others, and one that listens to it. */
beforeEach(async () => {
  environment = createTestEnvironment(1)
  ;[said, seen, asked] = [[], [], []]
  const log = new MemoryLog()
  const [broker, other] = [memoryBroker({ log }), memoryBroker({ log })]
  const quiet = { event() {}, message() {}, state() {} }
  await other.open(
    {
      ...quiet,
      message(_channel, bytes) {
        const message = decodePresence(bytes)
        if (message !== null) said.push(message)
      },
    },
    { namespace: 'test', nodeId: 'other', environment },
  )
  await other.listen(CONTROL_CHANNEL)
  const settings = { broker, environment, nodeId: 'own', nodeTimeoutMs: 15_000, graceMs: 10_000 }
  nodes = new PresenceNodes(settings, {
    seen: (node) => seen.push(node),
    gone() {},
    asked: (topic) => asked.push(topic),
  })
  await broker.open(quiet, { namespace: 'test', nodeId: 'own', environment })
  nodes.brokerChanged(true)
  nodes.start()
  await environment.clock.advance(0)
})

afterEach(() => nodes.end())

function hears(message: PresenceMessage): void {
  nodes.message(encodePresence(message))
}

describe('PresenceNodes', () => {
  it('listens to no process, and says nothing, after its end', async () => {
    nodes.end()
    await environment.clock.advance(0)
    said = []

    hears({ type: 'hello', node: 'late' })
    nodes.brokerChanged(false)
    nodes.brokerChanged(true)
    await environment.clock.advance(60_000)

    expect(nodes.heard('late')).toBe(false)
    expect([seen, said]).toEqual([[], []])
  })

  it('says hello when it begins, then lives three times per lease, and says goodbye', async () => {
    await environment.clock.advance(15_000)
    nodes.end()
    nodes.end()
    await environment.clock.advance(15_000)

    expect(said.slice(0, 5).map(({ type }) => type)).toEqual([
      'hello',
      'alive',
      'alive',
      'alive',
      'bye',
    ])
    expect(said.slice(5).map(({ type }) => type)).not.toContain('alive')
  })

  it('says hello again when the broker is back', async () => {
    nodes.brokerChanged(false)
    await environment.clock.advance(1000)
    said = []
    nodes.brokerChanged(true)

    expect(said).toEqual([{ type: 'hello', node: 'own' }])
  })

  it('answers hello, and tells of a process that is new or has come back', () => {
    said = []
    hears({ type: 'alive', node: 'a' })
    hears({ type: 'alive', node: 'a' })
    expect([seen, said]).toEqual([['a'], []])

    hears({ type: 'hello', node: 'a' })

    expect(seen).toEqual(['a', 'a'])
    expect(said).toEqual([{ type: 'alive', node: 'own' }])
  })

  it('ignores itself, processes that have stopped, and questions to others', () => {
    const ask = { type: 'ask', to: null, topics: ['x'] } as const
    hears({ ...ask, node: 'own' })
    hears({ type: 'bye', node: 'b' })
    hears({ ...ask, node: 'b' })
    hears({ ...ask, node: 'a', to: 'someone' })
    nodes.message(new Uint8Array([1]))
    expect([seen, asked]).toEqual([['a'], []])

    hears({ ...ask, node: 'a' })
    hears({ ...ask, node: 'a', to: 'own', topics: ['y', 'z'] })

    expect(asked).toEqual(['x', 'y', 'z'])
  })

  it('asks for at most 100 topics in one message', () => {
    said = []
    nodes.ask(
      Array.from({ length: 150 }, (_, n) => `${n}`),
      'a',
    )

    expect(said.map((each) => (each.type === 'ask' ? each.topics.length : 0))).toEqual([100, 50])
  })

  it('T-52 knows all processes once each has had time to announce itself', async () => {
    await environment.clock.advance(5999)
    expect(nodes.isSettled).toBe(false)
    await environment.clock.advance(1)
    expect(nodes.isSettled).toBe(true)

    nodes.brokerChanged(false)
    expect(nodes.isSettled).toBe(false)
    nodes.brokerChanged(true)

    expect(nodes.isSettled).toBe(false)
  })

  it('gives stamps above all that it has seen, and a version only once', () => {
    const first = nodes.nextStamp()
    nodes.sawStamp(first + 40)
    nodes.sawStamp(1)

    expect(nodes.nextStamp()).toBe(first + 41)
    expect(nodes.nextVersion()).not.toBe(nodes.nextVersion())
  })
})
