import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../../src/base/internal.ts'
import { createTestEnvironment } from '../../../../src/testing/test-environment.ts'
import {
  type AppendIdentity,
  type Appended,
  type Broker,
  BrokerUnavailableError,
  ExpectationFailedError,
  PublishRefusedError,
  PublishUncertainError,
} from '../../../../src/topics/index.ts'
import { PublishLane } from '../../../../src/topics/node/publishing/publish-lane.ts'
import { bytes, text, topicOf } from '../../../suites/brokers/harness.ts'

interface Append {
  readonly message: string
  readonly identity: AppendIdentity
  readonly answer: Deferred<Appended>
}

/** A lane over a broker whose answers the test gives. */
function laneOf(appendsInFlight = Infinity): {
  lane: PublishLane
  appends: Append[]
  broker: { isUp: boolean }
  publish: (message: string, signal?: AbortSignal) => Promise<unknown>
  pass: (ms: number) => Promise<void>
} {
  const environment = createTestEnvironment(1)
  const appends: Append[] = []
  const state = { isUp: true }
  const broker: Pick<Broker, 'append' | 'appendsInFlight'> = {
    appendsInFlight,
    append(_topic, message, identity) {
      const answer = new Deferred<Appended>()
      appends.push({ message: text(message), identity, answer })
      return answer.promise
    },
  }
  const lane = new PublishLane(topicOf('rooms/1'), {
    // The lane asks for nothing else.
    broker: broker as Broker,
    environment,
    publishTimeoutMs: 10_000,
    isUp: () => state.isUp,
    nextLaneId: () => 'lane',
  })
  return {
    lane,
    appends,
    broker: state,
    publish: (message, signal) =>
      lane
        .publish({
          message: bytes(message),
          identity: null,
          expect: null,
          signal: signal ?? null,
        })
        .then(
          ({ offset }) => offset,
          (error: unknown) => error,
        ),
    pass: (ms) => environment.clock.advance(ms),
  }
}

const stored = (offset: number): Appended => ({ epoch: 'e', offset, duplicate: false })

describe('PublishLane', () => {
  it('numbers what it appends, and has as many under way as the broker takes', async () => {
    const { appends, publish, pass } = laneOf(1)
    const results = [publish('a'), publish('b')]
    expect(appends.map(({ message }) => message)).toEqual(['a'])

    appends[0]?.answer.resolve(stored(1))
    await pass(0)
    appends[1]?.answer.resolve(stored(2))

    expect(await Promise.all(results)).toEqual([1, 2])
    expect(appends.map(({ identity }) => identity)).toEqual([
      { lane: 'lane', sequence: 1 },
      { lane: 'lane', sequence: 2 },
    ])
  })

  it('appends what broke off again, in order and with the same identities', async () => {
    const { lane, appends, broker, publish, pass } = laneOf()
    const results = [publish('a'), publish('b')]
    broker.isUp = false
    for (const { answer } of appends) answer.reject(new PublishUncertainError('rooms/1'))
    await pass(5000)
    expect(await publish('new')).toBeInstanceOf(BrokerUnavailableError)

    broker.isUp = true
    lane.up()
    expect(appends.slice(2).map(({ message, identity }) => [message, identity])).toEqual([
      ['a', { lane: 'lane', sequence: 1 }],
      ['b', { lane: 'lane', sequence: 2 }],
    ])
    appends[2]?.answer.resolve(stored(1))
    appends[3]?.answer.resolve(stored(2))

    expect(await Promise.all(results)).toEqual([1, 2])
    expect(lane.isIdle).toBe(true)
  })

  it('gives up after publishTimeout, and says what is known', async () => {
    const { appends, broker, publish, pass } = laneOf()
    const results = [publish('sent'), publish('never sent')]
    broker.isUp = false
    appends[0]?.answer.reject(new PublishUncertainError('rooms/1'))
    appends[1]?.answer.reject(new BrokerUnavailableError('publish', 'rooms/1'))
    await pass(10_000)

    expect(await results[0]).toBeInstanceOf(PublishUncertainError)
    expect(await results[1]).toBeInstanceOf(BrokerUnavailableError)
  })

  it('says after publishTimeout why the broker refused', async () => {
    const { publish, appends, broker, pass } = laneOf()
    const result = publish('refused')
    broker.isUp = false
    const cause = new Error('OOM command not allowed')
    appends[0]?.answer.reject(new BrokerUnavailableError('publish', 'rooms/1', { cause }))
    await pass(10_000)

    expect(await result).toMatchObject({ code: 'TOWPATH_BROKER_UNAVAILABLE', cause })
  })

  it('refuses what finds too much before it as busy', async () => {
    const { publish } = laneOf(1)
    const results = Array.from({ length: 1025 }, () => publish('x'))
    expect(results).toHaveLength(1025)

    const refused = await publish('x')

    expect(refused).toBeInstanceOf(PublishRefusedError)
    expect(refused).toMatchObject({ reason: 'busy' })
  })

  it('passes an expectation that failed on, and goes on', async () => {
    const { appends, publish, pass } = laneOf(1)
    const results = [publish('a'), publish('b')]
    appends[0]?.answer.reject(new ExpectationFailedError('rooms/1'))
    await pass(0)
    appends[1]?.answer.resolve(stored(1))

    expect(await results[0]).toMatchObject({ reason: 'expectation' })
    expect(await results[1]).toBe(1)
  })

  it('T-28 refuses with the cause while an earlier publish is tried again', async () => {
    const { publish, appends, pass } = laneOf()
    void publish('refused')
    const cause = new Error('OOM command not allowed')
    appends[0]?.answer.reject(new BrokerUnavailableError('publish', 'rooms/1', { cause }))
    await pass(0)

    expect(await publish('new')).toMatchObject({
      code: 'TOWPATH_BROKER_UNAVAILABLE',
      message: 'Cannot publish to "rooms/1": an earlier publish has failed, and is tried again',
      cause,
    })
  })

  it('takes what has not been sent out of the line when its signal fires', async () => {
    const { appends, publish, pass } = laneOf(1)
    const controller = new AbortController()
    const results = [publish('a'), publish('b', controller.signal), publish('c')]

    controller.abort('enough')
    expect(await results[1]).toBe('enough')
    appends[0]?.answer.resolve(stored(1))
    await pass(0)

    expect(appends.map(({ message }) => message)).toEqual(['a', 'c'])
  })

  it('rejects everything at its end', async () => {
    const { lane, publish } = laneOf(1)
    const results = [publish('a'), publish('b')]

    lane.end()

    expect(await results[0]).toBeInstanceOf(PublishUncertainError)
    expect(await results[1]).toBeInstanceOf(BrokerUnavailableError)
  })
})
