import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broker } from '../../../src/topics/index.ts'
import { harnessOf, NATS, NatsServers } from '../../support/brokers/nats-harness.ts'
import { brokerSuite } from '../../suites/brokers/broker-suite.ts'
import { bytes, KIND, RecordingSink, text, topicOf } from '../../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')

describe.skipIf(NATS === null)(
  `natsBroker() on a cluster of three${NATS === null ? ' (nats-server is not installed)' : ''}`,
  () => {
    let servers: NatsServers

    beforeAll(async () => {
      servers = await NatsServers.start(3)
    })

    afterAll(() => servers.end())

    brokerSuite({
      name: 'NATS, three servers',
      createHarness: () => harnessOf(servers),
      skip: {
        'T-33': 'three copies lose nothing by a restart; a lost tail is a test of its own below',
        'T-19 T-24': 'three copies keep their epoch over a restart',
      },
    })

    async function open(harness: Awaited<ReturnType<typeof harnessOf>>, nodeId: string) {
      const broker: Broker = harness.create()
      const sink = new RecordingSink()
      const { environment } = harness
      await broker.open(sink, { namespace: 'test', nodeId, environment })
      // A cluster that has just started may not answer in time: then the next connection prepares.
      await broker.prepare(KIND).catch(() => sink.untilState('up'))
      return { broker, sink }
    }

    it('T-33 copies that all lack the tail begin a new epoch', async () => {
      const harness = await harnessOf(servers)
      const { broker, sink } = await open(harness, 'a')
      await broker.append(ROOM, bytes('1'), { id: '1' })
      const [before] = await broker.heads([ROOM])
      await servers.kill()
      servers.keep()
      await servers.restart()
      await sink.untilState('up')
      await broker.append(ROOM, bytes('2'), { id: '2' })

      // The node may notice the end, and be up again, before all servers have started.
      const down = sink.untilState('down')
      await servers.restoreKept()
      await down
      await sink.untilState('up')
      const [after] = await broker.heads([ROOM])

      expect(after?.epoch).not.toBe(before?.epoch)
      const { events } = await broker.read(ROOM, 0, { events: 10, bytes: 1000 })
      expect(events.map(({ message }) => text(message))).toEqual(['1'])
      await broker.close()
      await harness.end()
    })

    it('T-18 a server that is killed loses nothing, and no epoch ends', async () => {
      const harness = await harnessOf(servers)
      const nodes = await Promise.all(['a', 'b', 'c'].map((id) => open(harness, id)))
      const publish = async (broker: Broker, lane: string): Promise<void> => {
        for (let sequence = 1; sequence <= 40;) {
          const message = bytes(`${lane}${sequence}`)
          const stored = await broker.append(ROOM, message, { lane, sequence }).then(
            () => true,
            () => false,
          )
          if (stored) sequence++
          else await harness.pass(20)
        }
      }
      const [before] = (await nodes[0]?.broker.heads([ROOM])) ?? []
      const all = nodes.map(({ broker }, index) => publish(broker, 'abc'[index] ?? ''))
      await nodes[0]?.broker.append(ROOM, bytes('first'), { id: 'first' })

      await servers.engines[2]?.kill()
      await servers.engines[2]?.start()
      await Promise.all(all)

      const { broker } = nodes[0] ?? nodes.at(-1) ?? { broker: harness.create() }
      const texts: string[] = []
      for (let after = 0; ;) {
        const page = await broker.read(ROOM, after, { events: 100, bytes: 100_000 })
        texts.push(...page.events.map(({ message }) => text(message)))
        expect(page.epoch).toBe(before?.epoch)
        if (after === page.head) break
        after = page.events.at(-1)?.offset ?? page.head
      }
      for (const lane of ['a', 'b', 'c']) {
        const own = texts.filter((each) => each.startsWith(lane) && each !== 'first')
        // The log keeps 100 events at least: the newest of each publisher are there, once and in
        // order.
        expect(own).toEqual(
          Array.from({ length: own.length }, (_, index) => `${lane}${40 - own.length + index + 1}`),
        )
      }
      await Promise.all(nodes.map((node) => node.broker.close()))
      await harness.end()
    })
  },
)
