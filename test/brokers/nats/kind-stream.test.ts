import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { natsBroker } from '../../../src/brokers/nats/index.ts'
import { NatsNames } from '../../../src/brokers/nats/nats-names.ts'
import { createEnvironment } from '../../../src/engines/node/environment.ts'
import { type Broker, PublishUncertainError } from '../../../src/topics/index.ts'
import { harnessOf, NATS, NatsServers } from '../../support/brokers/nats-harness.ts'
import { bytes, KIND, RecordingSink, topicOf } from '../../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')

describe.skipIf(NATS === null)('KindStream', () => {
  let servers: NatsServers
  let namespace = ''
  let count = 0

  beforeAll(async () => {
    servers = await NatsServers.start()
  })

  beforeEach(() => {
    namespace = `test${++count}`
  })

  afterAll(async () => {
    await servers.end()
  })

  async function withClient<T>(work: (client: NatsConnection) => Promise<T>): Promise<T> {
    const client = await connect({ servers: `127.0.0.1:${servers.ports[0]}` })
    try {
      return await work(client)
    } finally {
      await client.close()
    }
  }

  const request = (subject: string, message: string): Promise<unknown> =>
    withClient(async (client) => {
      const answer = await client.request(subject, message, { timeout: 10_000 })
      return answer.json()
    })

  const ask = (operation: string, question: unknown): Promise<unknown> =>
    request(`$JS.API.${operation}`, JSON.stringify(question))

  async function open(options = {}): Promise<{ broker: Broker; sink: RecordingSink }> {
    const broker = natsBroker({ servers: `127.0.0.1:${servers.ports[0]}`, ...options })
    const sink = new RecordingSink()
    const environment = createEnvironment()
    await broker.open(sink, { namespace, nodeId: `n${++count}`, environment })
    return { broker, sink }
  }

  const namesOf = () => new NatsNames(namespace).kind(KIND.id)

  it('nodes that start at the same time agree on one epoch', async () => {
    // Each round is a race of its own, and used to be lost in 1 of 16 on a quiet machine.
    for (let round = 0; round < 8; round++) {
      namespace = `race${round}`
      const nodes = await Promise.all(Array.from({ length: 6 }, () => open()))
      await Promise.all(nodes.map(({ broker }) => broker.prepare(KIND)))

      const heads = await Promise.all(nodes.map(({ broker }) => broker.heads([ROOM])))

      expect(new Set(heads.map(([head]) => head?.epoch)).size).toBe(1)
      await Promise.all(nodes.map(({ broker }) => broker.close()))
    }
  })

  it('T-33 a stream that is removed while it is used is made again, in a new epoch', async () => {
    const { broker, sink } = await open()
    await broker.prepare(KIND)
    await broker.follow(ROOM)
    const before = await broker.append(ROOM, bytes('1'), { id: '1' })
    await ask(`STREAM.DELETE.${namesOf().stream}`, {})

    await expect(broker.append(ROOM, bytes('2'), { id: '2' })).rejects.toThrow(
      PublishUncertainError,
    )
    await sink.untilState('up')
    const after = await broker.append(ROOM, bytes('2'), { id: '2' })

    expect(after.epoch).not.toBe(before.epoch)
    await sink.until(({ events }) => events.length === 2)
    await broker.close()
  })

  it('T-33 an alien marker is replaced, in a new epoch', async () => {
    const first = await open()
    await first.broker.prepare(KIND)
    const [before] = await first.broker.heads([ROOM])
    await first.broker.close()
    await request(namesOf().marker, '{}')

    const second = await open()
    await second.broker.prepare(KIND)
    const [after] = await second.broker.heads([ROOM])

    expect(after?.epoch).toMatch(/^[0-9a-f]{16}$/)
    expect(after?.epoch).not.toBe(before?.epoch)
    await second.broker.close()
  })

  it('T-33 a marker that another node replaces ends the epoch of all nodes', async () => {
    const { broker, sink } = await open()
    await broker.prepare(KIND)
    const [before] = await broker.heads([ROOM])
    await request(namesOf().marker, '{}')
    await sink.untilState('down')
    await sink.untilState('up')

    const [after] = await broker.heads([ROOM])

    expect(after?.epoch).not.toBe(before?.epoch)
    await broker.close()
  })

  it('T-33 with restart: trust, a restart keeps the epoch, and a lost tail does not', async () => {
    const { broker, sink } = await open({ restart: 'trust' })
    await broker.prepare(KIND)
    const first = await broker.append(ROOM, bytes('1'), { id: '1' })
    await servers.kill()
    servers.keep()
    await servers.restart()
    await sink.untilState('up')
    const second = await broker.append(ROOM, bytes('2'), { id: '2' })

    await servers.restoreKept()
    await sink.untilState('up')
    const third = await broker.append(ROOM, bytes('3'), { id: '3' })

    expect(second.epoch).toBe(first.epoch)
    expect(third.epoch).not.toBe(first.epoch)
    await broker.close()
  })

  it('T-33 a lost tail begins a new epoch when the stream has grown past it', async () => {
    const harness = await harnessOf(servers, { restart: 'trust' })
    const openNode = async (nodeId: string): Promise<{ broker: Broker; sink: RecordingSink }> => {
      const [broker, sink] = [harness.create(), new RecordingSink()]
      await broker.open(sink, { namespace, nodeId, environment: harness.environment })
      await broker.prepare(KIND)
      return { broker, sink }
    }
    const { broker, sink } = await openNode('a')
    const first = await broker.append(ROOM, bytes('1'), { id: '1' })
    await servers.kill()
    servers.keep()
    await servers.restart()
    await sink.untilState('up')
    const lost = await broker.append(ROOM, bytes('2'), { id: '2' })
    await harness.cut(broker, false)
    await sink.untilState('down')

    await servers.restoreKept()
    const other = await openNode('b')
    for (let n = 1; n <= 5; n++) await other.broker.append(ROOM, bytes(`b${n}`), { id: `b${n}` })
    const [grown] = await other.broker.heads([ROOM])
    await harness.mend(broker)
    await sink.untilState('up')
    const [after] = await broker.heads([ROOM])

    expect(lost.epoch).toBe(first.epoch)
    expect(grown?.offset).toBeGreaterThan(Number(lost.offset))
    expect(after?.epoch).not.toBe(first.epoch)
    await broker.close()
    await other.broker.close()
    await harness.end()
  })

  it('a stream that would carry no live events is refused', async () => {
    const { stream, stored } = namesOf()
    await ask(`STREAM.CREATE.${stream}`, { name: stream, subjects: [`${stored}.*`] })
    const { broker } = await open()

    await expect(broker.prepare(KIND)).rejects.toThrow(/does not republish/)
    await broker.close()
  })

  it('a stream that republishes its events elsewhere is refused', async () => {
    const { stream, stored } = namesOf()
    const republish = { src: `${stored}.*`, dest: `elsewhere${count}.{{wildcard(1)}}` }
    await ask(`STREAM.CREATE.${stream}`, { name: stream, subjects: [`${stored}.*`], republish })
    const { broker } = await open()

    await expect(broker.prepare(KIND)).rejects.toThrow(/does not republish/)
    await broker.close()
  })

  it('a stream without direct reads is changed, and can be read', async () => {
    const { stream, stored, live } = namesOf()
    const republish = { src: `${stored}.*`, dest: `${live}.{{wildcard(1)}}` }
    await ask(`STREAM.CREATE.${stream}`, { name: stream, subjects: [`${stored}.*`], republish })
    const { broker } = await open()

    await broker.prepare(KIND)
    await broker.append(ROOM, bytes('1'), { id: '1' })

    const page = await broker.read(ROOM, 0, { events: 10, bytes: 1000 })
    expect(page.events).toHaveLength(1)
    await broker.close()
  })

  it('T-20 a kind that remembers identities for longer than before changes its stream', async () => {
    const first = await open()
    await first.broker.prepare(KIND)
    const second = await open()

    await second.broker.prepare({ ...KIND, dedupeMs: KIND.dedupeMs * 2 })

    const info = await ask(`STREAM.INFO.${namesOf().stream}`, {})
    expect(info).toMatchObject({ config: { duplicate_window: KIND.dedupeMs * 2e6 } })
    await first.broker.close()
    await second.broker.close()
  })

  it('a kind that keeps more than before changes its stream', async () => {
    const first = await open()
    await first.broker.prepare(KIND)
    const second = await open()

    await second.broker.prepare({ ...KIND, size: KIND.size * 2 })

    const info = await ask(`STREAM.INFO.${namesOf().stream}`, {})
    expect(info).toMatchObject({ config: { max_msgs_per_subject: KIND.size * 2 + 1 } })
    await first.broker.close()
    await second.broker.close()
  })

  it('T-34 what another program publishes as an event is not delivered', async () => {
    const { broker, sink } = await open()
    await broker.prepare(KIND)
    await broker.follow(ROOM)

    await withClient((client) => {
      client.publish(`${namesOf().live}.rooms=2F1`, 'alien')
      return client.flush()
    })
    await broker.append(ROOM, bytes('ours'), { id: '1' })
    await sink.until(({ events }) => events.length > 0)

    expect(sink.textsOf('rooms/1')).toEqual(['ours'])
    await broker.close()
  })
})
