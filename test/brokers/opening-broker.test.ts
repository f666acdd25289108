import { describe, expect, it } from 'vitest'
import { type EngineBroker, OpeningBroker } from '../../src/brokers/opening-broker.ts'
import { createTestEnvironment } from '../../src/testing/test-environment.ts'
import { type Broker, BrokerUnavailableError } from '../../src/topics/index.ts'
import { bytes, KIND, RecordingSink, topicOf } from '../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')

/** A broker whose engine records the names of the methods that were called. */
function createWorld(create: () => void = () => {}) {
  const calls: string[] = []
  const call = (name: string) => () => {
    calls.push(name)
    return Promise.resolve()
  }
  const names = ['start', 'close', 'listen', 'unlisten', 'send', 'flush', 'prepare']
  const logNames = ['follow', 'unfollow', 'append', 'read', 'heads']
  const broker = new OpeningBroker({ appendsInFlight: 1, offsets: 'dense' }, () => {
    create()
    const methods = Object.fromEntries([...names, ...logNames].map((name) => [name, call(name)]))
    // It has all the methods, and none of their results is looked at.
    return methods as unknown as EngineBroker
  })
  const environment = createTestEnvironment(1)
  const open = () =>
    broker.open(new RecordingSink(), { namespace: 'test', nodeId: 'a', environment })
  return { broker, open, calls }
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
  it('before open() every method rejects or throws BrokerUnavailableError', async () => {
    const { broker } = createWorld()

    for (const outcome of callAll(broker)) {
      await expect(outcome).rejects.toThrow(BrokerUnavailableError)
    }
    expect(() => broker.send('c', bytes('x'))).toThrow(BrokerUnavailableError)
  })

  it('after open() every method is the one of the engine', async () => {
    const { broker, open, calls } = createWorld()
    await open()

    await Promise.all(callAll(broker))
    broker.send('c', bytes('x'))
    await broker.close()

    const log = ['follow', 'append', 'read', 'heads']
    const rest = ['listen', 'flush', 'prepare', ...log, 'send', 'close']
    expect(calls).toEqual(['start', 'unlisten', 'unfollow', ...rest])
  })

  it('open() rejects when it is called again, and after close()', async () => {
    const { broker, open } = createWorld()
    await open()
    await expect(open()).rejects.toThrow('Cannot open the broker: it is open')

    await broker.close()

    await expect(open()).rejects.toThrow('Cannot open the broker: it has been closed')
  })

  it('open() rejects with what making the engine throws, and may be called again', async () => {
    let isMissing = true
    const { open, calls } = createWorld(() => {
      if (isMissing) throw new Error('the package is missing')
    })
    await expect(open()).rejects.toThrow('the package is missing')

    isMissing = false

    await open()
    expect(calls).toEqual(['start'])
  })
})
