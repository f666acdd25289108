import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { redisBroker } from '../../../src/brokers/redis/index.ts'
import { readSlots } from '../../../src/brokers/redis/redis-cluster.ts'
import { RedisNames } from '../../../src/brokers/redis/redis-names.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import type { Broker, LogTopic } from '../../../src/topics/index.ts'
import { RedisClusterServers } from '../../support/brokers/redis-cluster.ts'
import { REDIS, type RedisServer } from '../../support/brokers/redis-harness.ts'
import { bytes, RecordingSink, text, topicOf } from '../../suites/brokers/harness.ts'

const ALL = { events: 1000, bytes: 1 << 20 }
const SEED = { host: 'seed', port: 1 }

describe('readSlots()', () => {
  it('an address that the server does not know of itself is the one that was asked', () => {
    const answer = [
      [0, 8191, ['', 7000, 'id']],
      [8192, 16_383, ['10.0.0.2', 7001, 'id'], ['10.0.0.3', 7002, 'replica']],
    ]

    expect(readSlots(answer, SEED)).toEqual([
      { first: 0, last: 8191, address: { host: 'seed', port: 7000 } },
      { first: 8192, last: 16_383, address: { host: '10.0.0.2', port: 7001 } },
    ])
  })

  it.each([
    [[[0, 16_382, ['a', 1]]]],
    [[[0, 16_384, ['a', 1]]]],
    [[[0, 16_383, ['a', 'x']]]],
    [[[0, 16_383]]],
    // As many slots as there are, one of them twice.
    [
      [
        [0, 8191, ['a', 1]],
        [8191, 16_382, ['b', 1]],
      ],
    ],
    ['OK'],
    [null],
    [[]],
  ])('%j is refused', (answer) => {
    expect(() => readSlots(answer, SEED)).toThrow(/Cannot (?:use the cluster|read the slots)/)
  })
})

describe.skipIf(REDIS === null)('redisBroker() on a cluster', () => {
  let servers: RedisClusterServers
  let count = 0
  const opened: Broker[] = []

  beforeAll(async () => {
    servers = await RedisClusterServers.start()
  })

  afterEach(async () => {
    for (const broker of opened.splice(0)) await broker.close()
  })

  afterAll(() => servers.end())

  async function open(namespace = `world${++count}`) {
    const broker = redisBroker({ cluster: servers.addresses })
    opened.push(broker)
    const sink = new RecordingSink()
    const environment = createEnvironment()
    await broker.open(sink, { namespace, nodeId: `n${++count}`, environment })
    const append = (topic: LogTopic, message: string) =>
      broker.append(topic, bytes(message), { id: message })
    const texts = async (topic: LogTopic): Promise<string[]> =>
      (await broker.read(topic, 0, ALL)).events.map(({ message }) => text(message))
    const names = new RedisNames(namespace)
    const serverOf = ({ name }: LogTopic): Promise<RedisServer> =>
      servers.primaryOf(names.topic(name).meta)
    return { broker, sink, append, texts, serverOf, names }
  }

  /** A topic of each primary. */
  async function spread({ serverOf }: Awaited<ReturnType<typeof open>>): Promise<LogTopic[]> {
    const found = new Map<RedisServer, LogTopic>()
    for (let n = 0; found.size < servers.primaries.length; n++) {
      const topic = topicOf(`rooms/${n}`)
      const server = await serverOf(topic)
      if (!found.has(server)) found.set(server, topic)
    }
    return [...found.values()]
  }

  it('T-01 topics of all primaries are stored, followed, read and compared', async () => {
    const [a, b] = [await open('shared'), await open('shared')]
    const topics = await spread(a)
    for (const topic of topics) await b.broker.follow(topic)

    for (const topic of topics) await a.append(topic, `in ${topic.name}`)
    await b.sink.until(({ events }) => events.length === topics.length)

    expect(b.sink.events.map(({ topic, message }) => `${topic} ${text(message)}`)).toEqual(
      topics.map(({ name }) => `${name} in ${name}`),
    )
    for (const topic of topics) expect(await b.texts(topic)).toEqual([`in ${topic.name}`])
    const nothing = topicOf('rooms/nothing')
    const heads = await b.broker.heads([nothing, ...topics])
    expect(heads.map(({ offset }) => offset)).toEqual([0, ...topics.map(() => 1)])
  })

  it('messages of the wire reach the nodes that listen, on every primary', async () => {
    const [a, b] = [await open('wire'), await open('wire')]
    const channels = Array.from({ length: 12 }, (_, index) => `channel ${index}`)
    for (const channel of channels) await b.broker.listen(channel)

    for (const channel of channels) a.broker.send(channel, bytes(channel))
    await b.sink.until(({ messages }) => messages.length === channels.length)

    expect(new Set(b.sink.messages.map(({ message }) => text(message)))).toEqual(new Set(channels))
    b.broker.unlisten('channel 0')
    await b.broker.flush()
  })

  it('a channel whose slot has moved before the first listener is heard', async () => {
    const { broker, sink, names } = await open()
    const channel = 'of a slot that moves'
    const from = await servers.primaryOf(names.wire(channel))
    const to = servers.primaries.find((each) => each !== from) ?? from
    await servers.moveSlot(names.wire(channel), to)

    const down = sink.untilState('down')
    await expect(broker.listen(channel)).rejects.toMatchObject({
      code: 'TOWPATH_BROKER_UNAVAILABLE',
    })
    await down
    await sink.untilState('up')
    broker.send(channel, bytes('message'))
    await sink.until(({ messages }) => messages.length > 0)

    expect(sink.messages.map(({ message }) => text(message))).toEqual(['message'])
  })

  it('T-33 a slot that moves to another primary goes on there, in a new epoch', async () => {
    const node = await open()
    const [topic = topicOf('none'), other = topicOf('none')] = await spread(node)
    await node.broker.follow(topic)
    const before = await node.append(topic, 'before')
    const kept = await node.append(other, 'kept')

    const down = node.sink.untilState('down')
    await servers.moveSlot(node.names.topic(topic.name).meta, await node.serverOf(other))
    await down
    await node.sink.untilState('up')
    const after = await node.append(topic, 'after')
    await node.sink.until(({ events }) => events.length === 2)

    expect(after.epoch).not.toBe(before.epoch)
    expect(await node.texts(topic)).toEqual(['before', 'after'])
    expect(await node.broker.heads([other])).toEqual([{ epoch: kept.epoch, offset: 1 }])
  })

  it('T-33 a primary that fails is replaced, in a new epoch for its own topics alone', async () => {
    const node = await open()
    const [topic = topicOf('none'), other = topicOf('none')] = await spread(node)
    await node.broker.follow(topic)
    const before = await node.append(topic, 'before')
    const kept = await node.append(other, 'kept')
    const primary = await node.serverOf(topic)
    await servers.addReplica(primary)

    const down = node.sink.untilState('down')
    await primary.engine.kill()
    await down
    await node.sink.untilState('up')
    const after = await node.append(topic, 'after')
    await node.sink.until(({ events }) => events.length === 2)

    expect(after.epoch).not.toBe(before.epoch)
    expect(await node.texts(topic)).toEqual(['before', 'after'])
    expect(await node.broker.heads([other])).toEqual([{ epoch: kept.epoch, offset: 1 }])
  })
})
