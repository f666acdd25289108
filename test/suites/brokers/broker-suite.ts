/**
 * What every broker promises, with real faults of the engine: the sentences of the design (T-…)
 * that concern brokers, and the contract of the interface (`src/topics/broker.ts`).
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Broker,
  BrokerUnavailableError,
  ExpectationFailedError,
  type Head,
  type LogTopic,
  PublishUncertainError,
} from '../../../src/topics/index.ts'
import {
  type BrokerHarness,
  type BrokerUnderTest,
  bytes,
  KIND,
  RecordingSink,
  SMALL_KIND,
  text,
  topicOf,
} from './harness.ts'

/** One node of a test. */
interface Node {
  readonly broker: Broker
  readonly sink: RecordingSink
}

const ROOM = topicOf('rooms/1')
const OTHER = topicOf('rooms/2')
const SMALL = topicOf('small/1', SMALL_KIND)
const ALL = { events: 1000, bytes: 1 << 20 }

/** Runs the sentences on one broker. */
export function brokerSuite({ name, createHarness, skip = {} }: BrokerUnderTest): void {
  describe(`${name}: the promises of a broker`, () => {
    let harness: BrokerHarness
    let nodes: Node[] = []
    let ids = 0

    beforeEach(async () => {
      harness = await createHarness()
      nodes = []
    })

    afterEach(async () => {
      await Promise.all(nodes.map(({ broker }) => harness.settle(broker.close())))
      await harness.end()
    })

    function sentence(title: string, body: () => Promise<void>): void {
      const reason = Object.entries(skip).find(([start]) => title.startsWith(start))?.[1]
      const isKept = reason === undefined
      it.runIf(isKept)(`${title}${isKept ? '' : ` (${reason})`}`, body)
    }

    async function open(namespace = 'test'): Promise<Node> {
      const node = { broker: harness.create(), sink: new RecordingSink() }
      nodes.push(node)
      const nodeId = `node-${++ids}`
      const { environment } = harness
      await harness.settle(node.broker.open(node.sink, { namespace, nodeId, environment }))
      await harness.settle(node.broker.prepare(KIND))
      await harness.settle(node.broker.prepare(SMALL_KIND))
      return node
    }

    function append(
      { broker }: Node,
      topic: LogTopic,
      message: string,
      id: string = `id-${++ids}`,
      expected?: Head,
    ): ReturnType<Broker['append']> {
      return harness.settle(broker.append(topic, bytes(message), { id }, expected))
    }

    /**
     * Sends 'hello' until all of `listeners` have heard a message. Servers of a cluster tell each
     * other who listens a little after they have told the listener.
     */
    async function sendUntilHeard(
      { broker }: Node,
      channel: string,
      listeners: readonly Node[],
    ): Promise<void> {
      while (listeners.some(({ sink }) => sink.messages.length === 0)) {
        broker.send(channel, bytes('hello'))
        await harness.settle(harness.pass(10))
      }
    }

    async function texts({ broker }: Node, topic: LogTopic): Promise<string[]> {
      const page = await harness.settle(broker.read(topic, 0, ALL))
      return page.events.map(({ message }) => text(message))
    }

    sentence(
      'T-01 the events of a topic reach every follower in the order of the log',
      async () => {
        const [a, b] = [await open(), await open()]
        await harness.settle(a.broker.follow(ROOM))
        await harness.settle(b.broker.follow(ROOM))

        for (let n = 1; n <= 10; n++) await append(n % 2 === 0 ? a : b, ROOM, `event ${n}`)
        await harness.settle(a.sink.until(({ events }) => events.length === 10))
        await harness.settle(b.sink.until(({ events }) => events.length === 10))

        const log = await texts(a, ROOM)
        expect(log).toHaveLength(10)
        expect(a.sink.textsOf('rooms/1')).toEqual(log)
        expect(b.sink.textsOf('rooms/1')).toEqual(log)
      },
    )

    sentence('T-02 appends of one node are stored in the order of its calls', async () => {
      const node = await open()
      const count = Math.min(20, node.broker.appendsInFlight)
      const appends = Array.from({ length: count }, (_, index) =>
        node.broker.append(ROOM, bytes(`event ${index}`), { lane: 'a', sequence: index + 1 }),
      )

      const stored = await harness.settle(Promise.all(appends))

      const offsets = stored.map(({ offset }) => offset ?? 0)
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
      expect(await texts(node, ROOM)).toEqual(
        Array.from({ length: count }, (_, index) => `event ${index}`),
      )
    })

    sentence('T-05 each event says which event came before it in its topic', async () => {
      const node = await open()
      await harness.settle(node.broker.follow(ROOM))

      await append(node, ROOM, 'one')
      await append(node, OTHER, 'of another topic')
      await append(node, ROOM, 'two')
      await append(node, ROOM, 'three')
      await harness.settle(node.sink.until(({ events }) => events.length === 3))

      const places = node.sink.events.map(({ place }) => place)
      expect(places.map(({ previous }) => previous).slice(1)).toEqual(
        places.map(({ offset }) => offset).slice(0, -1),
      )
      expect(places[0]?.previous).toBe(0)
    })

    sentence('T-09 the node that appends receives its own event, at its offset', async () => {
      const node = await open()
      await harness.settle(node.broker.follow(ROOM))

      const { epoch, offset } = await append(node, ROOM, 'mine')
      await harness.settle(node.sink.until(({ events }) => events.length === 1))

      expect(node.sink.events[0]?.place).toMatchObject({ epoch, offset })
    })

    sentence('T-11 reading after an offset brings everything that came after it', async () => {
      const [a, b] = [await open(), await open()]
      const first = await append(a, ROOM, 'one')
      await append(a, ROOM, 'two')
      const third = await append(a, ROOM, 'three')

      const page = await harness.settle(b.broker.read(ROOM, first.offset ?? 0, ALL))

      expect(page.events.map(({ message }) => text(message))).toEqual(['two', 'three'])
      expect(page.epoch).toBe(first.epoch)
      expect(page.head).toBe(third.offset)
      expect(page.complete).toBe(true)
    })

    sentence(
      'T-12 a read from before the oldest event does not say that it is complete',
      async () => {
        const node = await open()
        for (let n = 1; n <= 8; n++) await append(node, SMALL, `event ${n}`)

        const page = await harness.settle(node.broker.read(SMALL, 1, ALL))

        expect(page.complete).not.toBe(true)
        expect(page.events.map(({ message }) => text(message)).slice(-5)).toEqual([
          'event 4',
          'event 5',
          'event 6',
          'event 7',
          'event 8',
        ])
      },
    )

    sentence('T-14 reading after an offset above the head brings nothing', async () => {
      const node = await open()
      const { offset } = await append(node, ROOM, 'one')

      const page = await harness.settle(node.broker.read(ROOM, (offset ?? 0) + 50, ALL))

      expect(page.events).toEqual([])
      expect(page.head).toBe(offset)
    })

    sentence('T-18 an append that has resolved can be read by another node', async () => {
      const [a, b] = [await open(), await open()]

      await append(a, ROOM, 'stored')

      expect(await texts(b, ROOM)).toEqual(['stored'])
    })

    sentence('T-18 a restart of the engine loses nothing that was acknowledged', async () => {
      const node = await open()
      for (let n = 1; n <= 5; n++) await append(node, ROOM, `event ${n}`)

      // Otherwise the state could still be the one of before.
      const down = node.sink.untilState('down')
      await harness.restart()
      await harness.settle(down)
      await harness.settle(node.sink.untilState('up'))

      expect(await texts(node, ROOM)).toHaveLength(5)
    })

    sentence('T-20 the same id is stored once, and has the offset of the first', async () => {
      const [a, b] = [await open(), await open()]

      const first = await append(a, ROOM, 'once', 'order-1')
      const second = await append(b, ROOM, 'once', 'order-1')

      expect(first.duplicate).toBe(false)
      expect(second).toEqual({ epoch: first.epoch, offset: first.offset, duplicate: true })
      expect(await texts(a, ROOM)).toEqual(['once'])
    })

    sentence('T-20 the same sequence of a lane is stored once, over all nodes', async () => {
      const [a, b] = [await open(), await open()]
      const lane = 'client-1'
      const first = await harness.settle(a.broker.append(ROOM, bytes('1'), { lane, sequence: 1 }))
      await harness.settle(a.broker.append(ROOM, bytes('2'), { lane, sequence: 2 }))

      const again = await harness.settle(b.broker.append(ROOM, bytes('2'), { lane, sequence: 2 }))
      const older = await harness.settle(b.broker.append(ROOM, bytes('1'), { lane, sequence: 1 }))

      expect(again.duplicate).toBe(true)
      expect(older.duplicate).toBe(true)
      expect([null, first.offset]).toContain(older.offset)
      expect(await texts(a, ROOM)).toEqual(['1', '2'])
    })

    sentence('T-18 T-19 a sequence that a later one has passed is not told as stored', async () => {
      const node = await open()
      const appendTo = (lane: string, sequence: number) =>
        harness.settle(node.broker.append(ROOM, bytes(`${lane}${sequence}`), { lane, sequence }))
      await appendTo('a', 1)
      await appendTo('a', 3)
      await appendTo('a', 4)
      await appendTo('b', 7)

      const passed = [await appendTo('a', 2), await appendTo('b', 6)]
      const known = [await appendTo('a', 1), await appendTo('a', 3), await appendTo('a', 4)]

      // A broker that remembers each sequence may store it now. It says so.
      const log = await texts(node, ROOM)
      for (const [index, name] of ['a2', 'b6'].entries()) {
        expect(passed[index]?.duplicate).toBe(log.includes(name) ? false : 'unknown')
      }
      expect(known.map(({ duplicate }) => duplicate)).toEqual([true, true, true])
      expect(log.filter((each) => each.startsWith('a') && each !== 'a2')).toEqual([
        'a1',
        'a3',
        'a4',
      ])
    })

    sentence('T-20 an id of one topic is not an id of another, nor of a lane', async () => {
      const node = await open()

      await append(node, ROOM, 'room', 'a')
      await append(node, OTHER, 'other', 'a')
      await harness.settle(node.broker.append(ROOM, bytes('lane'), { lane: 'a', sequence: 1 }))
      // Joined without a separator, these two would be the same.
      await harness.settle(node.broker.append(ROOM, bytes('c1'), { lane: 'c1', sequence: 23 }))
      await harness.settle(node.broker.append(ROOM, bytes('c12'), { lane: 'c12', sequence: 3 }))

      expect(await texts(node, ROOM)).toEqual(['room', 'lane', 'c1', 'c12'])
      expect(await texts(node, OTHER)).toEqual(['other'])
    })

    sentence('T-20 an identity is known after a restart of the engine', async () => {
      const node = await open()
      const first = await append(node, ROOM, 'once', 'order-1')

      await harness.restart()
      await harness.settle(node.sink.untilState('up'))
      const second = await append(node, ROOM, 'once', 'order-1')

      expect(second.duplicate).toBe(true)
      expect([null, first.offset]).toContain(second.offset)
    })

    sentence('T-23 two nodes that append the same lane store it once, in order', async () => {
      const [a, b] = [await open(), await open()]
      const lane = 'client-1'
      const all = async ({ broker }: Node): Promise<void> => {
        for (let sequence = 1; sequence <= 10; sequence++) {
          await broker.append(ROOM, bytes(`${sequence}`), { lane, sequence })
        }
      }

      await harness.settle(Promise.all([all(a), all(b)]))

      expect(await texts(a, ROOM)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10'])
    })

    sentence(
      'T-19 T-24 an append that a new epoch finds stored is no failed expectation',
      async () => {
        const node = await open()
        const { epoch, offset } = await append(node, ROOM, 'one')
        const expected = { epoch, offset: offset ?? 0 }
        const stored = await append(node, ROOM, 'two', 'second', expected)

        // On Redis and NATS, a restart begins a new epoch.
        await harness.restart()
        await harness.settle(node.sink.untilState('up'))
        const again = await append(node, ROOM, 'two', 'second', expected)

        expect(again).toMatchObject({ offset: stored.offset, duplicate: true })
        await expect(append(node, ROOM, 'three', 'third', expected)).rejects.toThrow(
          ExpectationFailedError,
        )
        expect(await texts(node, ROOM)).toEqual(['one', 'two'])
      },
    )

    sentence('T-24 an expected position without an epoch refuses the append', async () => {
      const node = await open()
      const nowhere = { epoch: '', offset: 0 }

      await expect(append(node, ROOM, 'one', 'first', nowhere)).rejects.toThrow(
        ExpectationFailedError,
      )
      expect(await texts(node, ROOM)).toEqual([])
    })

    sentence('T-24 an expected position that the log has passed refuses the append', async () => {
      const node = await open()
      const { epoch, offset } = await append(node, ROOM, 'one')
      const expected = { epoch, offset: offset ?? 0 }

      await append(node, ROOM, 'two', 'second', expected)

      await expect(append(node, ROOM, 'three', 'third', expected)).rejects.toThrow(
        ExpectationFailedError,
      )
      await expect(
        append(node, ROOM, 'four', 'fourth', { epoch: 'another', offset: 2 }),
      ).rejects.toThrow(ExpectationFailedError)
      expect(await texts(node, ROOM)).toEqual(['one', 'two'])
      // The same append again is a duplicate, and not a failed expectation.
      await expect(append(node, ROOM, 'two', 'second', expected)).resolves.toMatchObject({
        duplicate: true,
      })
    })

    sentence('T-24 an expected position before the first event refuses a second one', async () => {
      const node = await open()
      const empty = await harness.settle(node.broker.follow(ROOM))
      expect(empty.offset).toBe(0)

      await append(node, ROOM, 'one', 'first', empty)

      await expect(append(node, ROOM, 'two', 'second', empty)).rejects.toThrow(
        ExpectationFailedError,
      )
    })

    sentence('T-27 a cut is told within 10 seconds', async () => {
      const node = await open()
      const before = harness.environment.clock.now()

      await harness.cut(node.broker, false)
      await harness.settle(node.sink.untilState('down'))

      expect(harness.environment.clock.now() - before).toBeLessThanOrEqual(10_000)
    })

    sentence('T-27 a silent cut is told within 10 seconds', async () => {
      const node = await open()
      const before = harness.environment.clock.now()

      await harness.cut(node.broker, true)
      await harness.settle(node.sink.untilState('down'))

      expect(harness.environment.clock.now() - before).toBeLessThanOrEqual(10_000)
    })

    sentence('T-27 an engine that is frozen is told within 10 seconds', async () => {
      const node = await open()
      const before = harness.environment.clock.now()

      await harness.pause()
      await harness.settle(node.sink.untilState('down'))

      expect(harness.environment.clock.now() - before).toBeLessThanOrEqual(10_000)
      await harness.resume()
      await harness.settle(node.sink.untilState('up'))
    })

    sentence('T-28 while the broker is down every request is rejected at once', async () => {
      const node = await open()
      await harness.cut(node.broker, false)
      await harness.settle(node.sink.untilState('down'))

      const { broker } = node
      await expect(broker.append(ROOM, bytes('x'), { id: 'x' })).rejects.toThrow(
        BrokerUnavailableError,
      )
      await expect(broker.read(ROOM, 0, ALL)).rejects.toThrow(BrokerUnavailableError)
      await expect(broker.heads([ROOM])).rejects.toThrow(BrokerUnavailableError)
      await expect(broker.follow(ROOM)).rejects.toThrow(BrokerUnavailableError)
      await expect(broker.listen('c')).rejects.toThrow(BrokerUnavailableError)
      expect(() => broker.send('c', bytes('x'))).toThrow(BrokerUnavailableError)
    })

    sentence('T-28 an append under way when the line breaks is uncertain, or stored', async () => {
      const node = await open()
      await harness.cut(node.broker, true)

      const outcome = node.broker.append(ROOM, bytes('x'), { id: 'x' }).then(
        () => 'stored',
        (error: unknown) => error,
      )
      const result = await harness.settle(outcome)

      expect(result).toBeInstanceOf(PublishUncertainError)
      await harness.mend(node.broker)
      await harness.settle(node.sink.untilState('up'))
      await append(node, ROOM, 'x', 'x')
      expect(await texts(node, ROOM)).toEqual(['x'])
    })

    sentence('T-31 after a cut, topics are followed and channels listened to again', async () => {
      const [a, b] = [await open(), await open()]
      await harness.settle(a.broker.follow(ROOM))
      await harness.settle(a.broker.listen('c'))
      await harness.cut(a.broker, false)
      await harness.settle(a.sink.untilState('down'))
      await append(b, ROOM, 'meanwhile')

      await harness.mend(a.broker)
      await harness.settle(a.sink.untilState('up'))
      // What `a` asks of its server comes after its subscriptions, in a cluster too.
      await append(a, ROOM, 'own')
      await append(b, ROOM, 'afterwards')
      await sendUntilHeard(b, 'c', [a])

      await harness.settle(a.sink.until((sink) => sink.textsOf('rooms/1').includes('afterwards')))
      expect(a.sink.textsOf('rooms/1').at(-1)).toBe('afterwards')
      expect(await texts(a, ROOM)).toEqual(['meanwhile', 'own', 'afterwards'])
    })

    sentence(
      'T-31 a topic that is followed while the broker is down is followed later',
      async () => {
        const [a, b] = [await open(), await open()]
        await harness.cut(a.broker, false)
        await harness.settle(a.sink.untilState('down'))
        await expect(a.broker.follow(ROOM)).rejects.toThrow(BrokerUnavailableError)

        await harness.mend(a.broker)
        await harness.settle(a.sink.untilState('up'))
        // What `a` asks of its server comes after its subscriptions, in a cluster too.
        await append(a, ROOM, 'own')
        await append(b, ROOM, 'event')

        await harness.settle(a.sink.until(({ events }) => events.length === 2))
      },
    )

    sentence('T-33 an engine that lacks the tail goes on in another epoch', async () => {
      const node = await open()
      for (let n = 1; n <= 5; n++) await append(node, ROOM, `event ${n}`)
      const [before] = await harness.settle(node.broker.heads([ROOM]))

      await harness.restartWithLoss(2)
      await harness.settle(node.sink.untilState('up'))
      const appended = await append(node, ROOM, 'afterwards')
      const [after] = await harness.settle(node.broker.heads([ROOM]))

      expect(appended.epoch).not.toBe(before?.epoch)
      expect(after).toEqual({ epoch: appended.epoch, offset: appended.offset })
    })

    sentence('T-56 two namespaces never meet', async () => {
      const [a, b] = [await open('one'), await open('two')]
      await harness.settle(b.broker.follow(ROOM))
      await harness.settle(b.broker.listen('c'))

      await append(a, ROOM, 'in one', 'same id')
      a.broker.send('c', bytes('in one'))
      await harness.settle(a.broker.flush())
      const own = await append(b, ROOM, 'in two', 'same id')
      await harness.settle(b.sink.until(({ events }) => events.length > 0))

      expect(own.duplicate).toBe(false)
      expect(b.sink.textsOf('rooms/1')).toEqual(['in two'])
      expect(b.sink.messages).toEqual([])
      expect(await texts(b, ROOM)).toEqual(['in two'])
    })

    sentence('T-57 whatever a name holds, it is the name of its own topic alone', async () => {
      const node = await open()
      const names = [
        'rooms/*',
        'rooms/>',
        'rooms/a.b',
        'rooms/a b',
        'rooms/{1}',
        'rooms/=2A',
        'rooms/$JS',
        'rooms/ä',
        'rooms/😀',
        "rooms/'; return 1 --",
        'rooms/%2F',
        'rooms/_',
      ]
      const topics = names.map((each) => topicOf(each))
      for (const topic of topics) await harness.settle(node.broker.follow(topic))

      for (const topic of topics) {
        await append(node, topic, topic.name, `id ${topic.name}\r\n*`)
        node.broker.send(`channel ${topic.name}`, bytes('x'))
      }
      await harness.settle(node.sink.until(({ events }) => events.length >= names.length))

      const heard = node.sink.events.map((event) => `${event.topic} brought ${text(event.message)}`)
      expect(new Set(heard)).toEqual(new Set(names.map((each) => `${each} brought ${each}`)))
      for (const topic of topics) expect(await texts(node, topic)).toEqual([topic.name])
    })

    sentence('a read returns at most as many events and bytes as it may', async () => {
      const node = await open()
      for (let n = 1; n <= 10; n++) await append(node, ROOM, 'x'.repeat(100))

      const few = await harness.settle(node.broker.read(ROOM, 0, { events: 3, bytes: 10_000 }))
      const small = await harness.settle(node.broker.read(ROOM, 0, { events: 100, bytes: 250 }))
      const tiny = await harness.settle(node.broker.read(ROOM, 0, { events: 100, bytes: 1 }))

      expect(few.events).toHaveLength(3)
      expect(small.events.length).toBeGreaterThanOrEqual(1)
      expect(small.events.length).toBeLessThanOrEqual(3)
      expect(tiny.events).toHaveLength(1)
    })

    sentence('a topic that nobody has appended to is empty and complete', async () => {
      const node = await open()

      const head = await harness.settle(node.broker.follow(ROOM))
      const page = await harness.settle(node.broker.read(ROOM, 0, ALL))

      expect(head.offset).toBe(0)
      expect(page).toMatchObject({ head: 0, events: [], complete: true })
      expect(page.epoch).toBe(head.epoch)
      expect(head.epoch).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    })

    sentence('heads come in the order of the topics', async () => {
      const node = await open()
      const room = await append(node, ROOM, 'one')
      const other = await append(node, OTHER, 'one')
      await append(node, SMALL, 'one')

      const heads = await harness.settle(node.broker.heads([OTHER, topicOf('rooms/nobody'), ROOM]))

      expect(heads.map(({ offset }) => offset)).toEqual([other.offset, 0, room.offset])
    })

    sentence('a topic that is not followed any more brings no events', async () => {
      const [a, b] = [await open(), await open()]
      await harness.settle(a.broker.follow(ROOM))
      await harness.settle(a.broker.follow(OTHER))

      a.broker.unfollow(ROOM)
      await harness.settle(a.broker.flush())
      await append(b, ROOM, 'unheard')
      await append(b, OTHER, 'heard')
      await harness.settle(a.sink.until(({ events }) => events.length > 0))

      expect(a.sink.events.map(({ message }) => text(message))).toEqual(['heard'])
    })

    sentence('messages reach all listening nodes, the sender too, in order', async () => {
      const [a, b, c] = [await open(), await open(), await open()]
      for (const { broker } of [a, b]) await harness.settle(broker.listen('c'))
      await harness.settle(c.broker.listen('another'))

      await sendUntilHeard(a, 'c', [a, b])

      for (let n = 1; n <= 5; n++) a.broker.send('c', bytes(`${n}`))
      for (const { sink } of [a, b]) {
        const isLast = ({ message }: { message: Uint8Array }): boolean => text(message) === '5'
        await harness.settle(sink.until(({ messages }) => messages.some(isLast)))
      }

      for (const { sink } of [a, b]) {
        const texts = sink.messages.map(({ message }) => text(message))
        expect(texts.filter((each) => each !== 'hello')).toEqual(['1', '2', '3', '4', '5'])
        expect(new Set(sink.messages.map(({ channel }) => channel))).toEqual(new Set(['c']))
      }
      expect(c.sink.messages).toEqual([])
    })

    sentence('a channel that is not listened to any more brings no messages', async () => {
      const [a, b] = [await open(), await open()]
      for (const channel of ['c', 'd']) await harness.settle(a.broker.listen(channel))

      a.broker.unlisten('c')
      await harness.settle(a.broker.flush())
      b.broker.send('c', bytes('unheard'))
      await sendUntilHeard(b, 'd', [a])

      expect(new Set(a.sink.messages.map(({ channel }) => channel))).toEqual(new Set(['d']))
    })

    sentence('bytes are stored and delivered as they were given', async () => {
      const node = await open()
      await harness.settle(node.broker.follow(ROOM))
      await harness.settle(node.broker.listen('c'))
      const all = Uint8Array.from({ length: 256 }, (_, index) => index)

      await harness.settle(node.broker.append(ROOM, all, { id: 'all' }))
      node.broker.send('c', all)
      await harness.settle(node.sink.until(({ events }) => events.length === 1))
      await harness.settle(node.sink.until(({ messages }) => messages.length === 1))

      const page = await harness.settle(node.broker.read(ROOM, 0, ALL))
      for (const message of [
        page.events[0]?.message,
        node.sink.events[0]?.message,
        node.sink.messages[0]?.message,
      ]) {
        expect(Uint8Array.from(message ?? [])).toEqual(all)
      }
    })

    sentence('after close, nothing works and nothing is told but the state', async () => {
      const [a, b] = [await open(), await open()]
      await harness.settle(a.broker.follow(ROOM))

      await harness.settle(a.broker.close())
      await harness.settle(a.broker.close())
      await append(b, ROOM, 'unheard')

      expect(a.sink.states.at(-1)).toEqual({ state: 'closed' })
      await expect(a.broker.append(ROOM, bytes('x'), { id: 'x' })).rejects.toThrow(
        BrokerUnavailableError,
      )
      expect(() => a.broker.send('c', bytes('x'))).toThrow(BrokerUnavailableError)
      expect(a.sink.events).toEqual([])
    })
  })
}
