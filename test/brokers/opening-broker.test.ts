import { describe, expect, it } from 'vitest'
import type { AppendRequest, Engine, EngineConnection } from '../../src/brokers/engine.ts'
import { OpeningBroker } from '../../src/brokers/opening-broker.ts'
import { type Delivery, Subscriptions } from '../../src/brokers/subscriptions.ts'
import { createTestEnvironment, settled } from '../../src/testing/test-environment.ts'
import {
  type Broker,
  BrokerUnavailableError,
  type BrokerSink,
  type LogTopic,
  PublishUncertainError,
} from '../../src/topics/index.ts'
import { bytes, KIND, RecordingSink, topicOf } from '../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')

/** A broker whose engine records what it was asked for. */
function createWorld(hasKinds = true, create: () => void = () => {}) {
  const calls: string[] = []
  const answers = { isLost: false }
  const call = (name: string): Promise<void> => {
    calls.push(name)
    return answers.isLost ? Promise.reject(new Error('lost')) : Promise.resolve()
  }
  const connection: EngineConnection = {
    probe: () => Promise.resolve(),
    flush: () => call('flush'),
    subscribe: (names) => call(`subscribe ${names.join()}`),
    unsubscribe: (name) => void call(`unsubscribe ${name}`),
  }
  const delivery: Delivery<Uint8Array> = {
    nameOf: (wanted) => (wanted.type === 'event' ? wanted.topic.name : wanted.channel),
    messageIn: (payload) => payload,
    eventIn: () => null,
  }
  let ended: (cause: unknown) => void = () => {}
  const log = {
    append: async (_: unknown, { topic }: AppendRequest) => {
      await call(`append ${topic.name}`)
      return { epoch: 'e', offset: 1, duplicate: false }
    },
    read: async (_: unknown, { name }: LogTopic) => {
      await call(`read ${name}`)
      return { epoch: 'e', head: 0, events: [], complete: true }
    },
    heads: async (_: unknown, topics: readonly LogTopic[]) => {
      await call(`heads ${topics.map(({ name }) => name).join()}`)
      return topics.map(() => ({ epoch: 'e', offset: 1 }))
    },
  }
  let unverified = 0
  const kinds = {
    add: () => void calls.push('add'),
    prepare: () => call('prepare'),
    verifyNext: () => (unverified-- > 0 ? call('verify') : null),
  }
  const createEngine = (sink: BrokerSink): Engine<EngineConnection, Uint8Array> => {
    create()
    return {
      subscriptions: new Subscriptions(sink, delivery),
      log,
      kinds: hasKinds ? kinds : null,
      connect(_signal, end) {
        ended = end
        return Promise.resolve(connection)
      },
      send: (_connection, channel) => void calls.push(`send ${channel}`),
    }
  }
  const broker = new OpeningBroker({ appendsInFlight: 1, offsets: 'dense' }, createEngine)
  const environment = createTestEnvironment(1)
  const open = () =>
    broker.open(new RecordingSink(), { namespace: 'test', nodeId: 'a', environment })
  /** Ends the connection, and waits for the next one. */
  const reconnect = async (): Promise<void> => {
    calls.length = 0
    unverified = 1
    ended(null)
    await environment.clock.advance(1000)
  }
  return { broker, open, calls, answers, reconnect, end: () => ended(new Error('reset')) }
}

/** Calls every method but `open` and `close`. */
function callAll(broker: Broker): Array<Promise<unknown>> {
  broker.unlisten('c')
  broker.unfollow(ROOM)
  return [
    broker.listen('c'),
    broker.flush(),
    broker.prepare(KIND),
    broker.follow(ROOM),
    broker.append(ROOM, bytes('x'), { id: 'x' }),
    broker.read(ROOM, 0, { events: 1, bytes: 1 }),
    broker.heads([ROOM]),
  ]
}

describe('OpeningBroker', () => {
  it('before open() and after close() every method rejects or throws BrokerUnavailableError', async () => {
    const { broker, open } = createWorld()

    for (const outcome of callAll(broker)) {
      await expect(outcome).rejects.toThrow(BrokerUnavailableError)
    }
    expect(() => broker.send('c', bytes('x'))).toThrow(BrokerUnavailableError)
    await open()
    await broker.close()
    for (const outcome of callAll(broker)) {
      await expect(outcome).rejects.toThrow(BrokerUnavailableError)
    }
    expect(() => broker.send('c', bytes('x'))).toThrow(BrokerUnavailableError)
  })

  it('while it is up every method asks the engine', async () => {
    const { broker, open, calls } = createWorld()
    await open()

    await Promise.all(callAll(broker))
    broker.send('c', bytes('x'))

    expect(calls.filter((each) => each.startsWith('heads'))).toHaveLength(2)
    expect(new Set(calls)).toEqual(
      new Set([
        'subscribe c',
        'flush',
        'add',
        'prepare',
        'subscribe rooms/1',
        'append rooms/1',
        'read rooms/1',
        'heads rooms/1',
        'send c',
      ]),
    )
  })

  it('prepare() resolves while the broker is down if the engine needs nothing for kinds', async () => {
    const { broker, open, end } = createWorld(false)
    await open()
    end()

    await expect(broker.prepare(KIND)).resolves.toBeUndefined()
  })

  it('a new connection verifies kinds, then restores what is wanted, confirmed or not', async () => {
    const { broker, open, calls, reconnect, end } = createWorld()
    await open()
    await broker.listen('a')
    await broker.listen('b')
    broker.unlisten('b')
    end()
    await expect(broker.follow(ROOM)).rejects.toThrow(BrokerUnavailableError)

    await reconnect()

    expect(calls).toEqual(['verify', 'subscribe a,rooms/1'])
    await broker.close()
  })

  it('unlisten() and unfollow() tell the engine only what was wanted', async () => {
    const { broker, open, calls } = createWorld()
    await open()
    await broker.listen('c')
    calls.length = 0

    for (const name of ['c', 'c', 'd']) broker.unlisten(name)
    broker.unfollow(ROOM)

    expect(calls).toEqual(['unsubscribe c'])
  })

  it('T-19 an append that fails for a reason of the engine is uncertain, a read is not', async () => {
    const { broker, open, answers } = createWorld()
    await open()
    answers.isLost = true

    await expect(broker.append(ROOM, bytes('x'), { id: 'x' })).rejects.toThrow(
      PublishUncertainError,
    )
    await expect(broker.heads([ROOM])).rejects.toThrow(BrokerUnavailableError)
  })

  it('open() rejects when it is called again, and after close()', async () => {
    const { broker, open } = createWorld()
    await open()
    await expect(open()).rejects.toThrow('Cannot open the broker: it is open')

    await broker.close()
    await settled()

    await expect(open()).rejects.toThrow('Cannot open the broker: it has been closed')
  })

  it('open() rejects with what making the engine throws, and may be called again', async () => {
    let isMissing = true
    const { open, broker } = createWorld(true, () => {
      if (isMissing) throw new Error('the package is missing')
    })
    await expect(open()).rejects.toThrow('the package is missing')

    isMissing = false

    await expect(open()).resolves.toBeUndefined()
    await broker.close()
  })
})
