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
import { PublishBudget } from '../../../../src/topics/node/publishing/publish-budget.ts'
import { PublishLane } from '../../../../src/topics/node/publishing/publish-lane.ts'
import { bytes, text, topicOf } from '../../../suites/brokers/harness.ts'

interface Append {
  readonly message: string
  readonly identity: AppendIdentity
  readonly answer: Deferred<Appended>
}

/** A lane over a broker whose answers the test gives. */
function laneOf(
  appendsInFlight = Infinity,
  budget = new PublishBudget(),
): {
  lane: PublishLane
  appends: Append[]
  broker: { isUp: boolean }
  publish: (
    message: string,
    signal?: AbortSignal | null,
    identity?: AppendIdentity | null,
  ) => Promise<unknown>
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
    budget,
    isUp: () => state.isUp,
    nextLaneId: () => 'lane',
  })
  return {
    lane,
    appends,
    broker: state,
    publish: (message, signal = null, identity = null) =>
      lane
        .publish({
          message: bytes(message),
          identity,
          expect: null,
          signal,
        })
        .then(
          ({ offset }) => offset,
          (error: unknown) => error,
        ),
    pass: (ms) => environment.clock.advance(ms),
  }
}

const stored = (offset: number): Appended => ({ epoch: 'e', offset, duplicate: false })
const refusal = (): Error => new BrokerUnavailableError('publish', 'rooms/1')
const BEHIND: Appended = { epoch: 'e', offset: null, duplicate: true }
const PASSED: Appended = { epoch: 'e', offset: null, duplicate: 'unknown' }

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

  it.each([null, { id: 'of the application' }])(
    'T-02 T-19 what the broker refused is rejected when a later one is stored: identity %j',
    async (identity) => {
      const { lane, appends, publish, pass } = laneOf()
      const results = [publish('a', null, identity), publish('b'), publish('c')]
      appends[0]?.answer.reject(refusal())
      appends[1]?.answer.resolve(stored(1))
      appends[2]?.answer.resolve(stored(2))
      await pass(1000)

      expect(appends).toHaveLength(3)
      expect(lane.isIdle).toBe(true)
      expect(await results[0]).toBeInstanceOf(BrokerUnavailableError)
      expect(await results[1]).toBe(1)
      expect(await results[2]).toBe(2)
    },
  )

  it('T-19 what the broker refused is not stored because a later one is', async () => {
    const { appends, publish, pass } = laneOf()
    const results = [publish('a'), publish('b')]
    appends[0]?.answer.reject(refusal())
    // It was stored: the answer was lost.
    appends[1]?.answer.reject(new PublishUncertainError('rooms/1'))
    await pass(1000)
    appends[2]?.answer.resolve(BEHIND)
    appends[3]?.answer.resolve({ epoch: 'e', offset: 1, duplicate: true })

    expect(await results[0]).toBeInstanceOf(BrokerUnavailableError)
    expect(await results[1]).toBe(1)
  })

  it('T-18 T-19 a publish that a later one has passed is not stored because both answers were lost', async () => {
    const { appends, publish, pass } = laneOf()
    const results = [publish('refused'), publish('b')]
    for (const { answer } of appends) answer.reject(new PublishUncertainError('rooms/1'))
    await pass(1000)
    appends[2]?.answer.resolve(PASSED)
    appends[3]?.answer.resolve({ epoch: 'e', offset: 1, duplicate: true })

    expect(await results[0]).toMatchObject({
      code: 'TOWPATH_PUBLISH_UNCERTAIN',
      message:
        'Cannot say whether the event for "rooms/1" is stored: a later publish of the same publisher was stored before it',
    })
    expect(await results[1]).toBe(1)
  })

  it('T-19 a publish that the broker refused, and then passed, is rejected for certain', async () => {
    const { appends, publish, pass } = laneOf()
    const results = [publish('a'), publish('b')]
    appends[0]?.answer.reject(refusal())
    appends[1]?.answer.reject(new PublishUncertainError('rooms/1'))
    await pass(1000)
    appends[2]?.answer.resolve(PASSED)
    appends[3]?.answer.resolve({ epoch: 'e', offset: 1, duplicate: true })

    expect(await results[0]).toBeInstanceOf(BrokerUnavailableError)
    expect(await results[1]).toBe(1)
  })

  it('T-20 what has broken off is stored also when the broker remembers a later one', async () => {
    const { appends, publish, pass } = laneOf()
    const results = [publish('a'), publish('b')]
    for (const { answer } of appends) answer.reject(new PublishUncertainError('rooms/1'))
    await pass(1000)
    appends[2]?.answer.resolve(BEHIND)
    appends[3]?.answer.resolve({ epoch: 'e', offset: 2, duplicate: true })

    expect(await Promise.all(results)).toEqual([null, 2])
  })

  it('T-19 what a client sent is uncertain when the broker refused it and stored a later one', async () => {
    const { appends, publish, pass } = laneOf()
    const client = (sequence: number) => ({ lane: 'client', sequence })
    const overtaken = [publish('a', null, client(1)), publish('b', null, client(2))]
    appends[0]?.answer.reject(refusal())
    appends[1]?.answer.resolve(stored(1))
    await pass(1000)
    const behind = publish('c', null, client(3))
    appends[2]?.answer.reject(refusal())
    await pass(1000)
    appends[3]?.answer.resolve(BEHIND)

    expect(await overtaken[0]).toMatchObject({
      code: 'TOWPATH_PUBLISH_UNCERTAIN',
      message: expect.stringContaining('a later publish of the same publisher') as unknown,
    })
    expect(await overtaken[1]).toBe(1)
    expect(await behind).toBeInstanceOf(PublishUncertainError)
  })

  it('what the broker refused is tried again when one of another publisher is stored', async () => {
    const { appends, publish, pass } = laneOf()
    const results = [publish('a', null, { lane: 'client', sequence: 1 }), publish('b')]
    appends[0]?.answer.reject(refusal())
    appends[1]?.answer.resolve(stored(1))
    await pass(1000)
    appends[2]?.answer.resolve(stored(2))

    expect(appends.map(({ message }) => message)).toEqual(['a', 'b', 'a'])
    expect(await Promise.all(results)).toEqual([2, 1])
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

  it('goes on when an attempt fails whose publish has expired', async () => {
    const { appends, publish, pass } = laneOf(1)
    const expired = publish('expired')
    await pass(1000)
    const waiting = publish('waiting')
    appends[0]?.answer.reject(refusal())
    await pass(1000)
    await pass(8000)
    expect(await expired).toBeInstanceOf(PublishUncertainError)

    appends[1]?.answer.reject(refusal())
    await pass(0)
    appends[2]?.answer.resolve(stored(1))

    expect(appends.map(({ message }) => message)).toEqual(['expired', 'expired', 'waiting'])
    expect(await waiting).toBe(1)
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

  it('T-58 publishes that a silent broker does not answer have a limit over all topics', async () => {
    const budget = new PublishBudget(1000)
    const lanes = [laneOf(Infinity, budget), laneOf(Infinity, budget)]
    const message = 'x'.repeat(400)
    const [first, second] = lanes.map(({ publish }) => publish(message))
    expect(await lanes[1]?.publish(message)).toMatchObject({
      code: 'TOWPATH_PUBLISH_REFUSED',
      reason: 'busy',
    })

    lanes[0]?.appends[0]?.answer.resolve(stored(1))
    expect(await first).toBe(1)
    const third = lanes[1]?.publish(message)
    lanes[1]?.lane.end()

    expect(await second).toBeInstanceOf(PublishUncertainError)
    expect(await third).toBeInstanceOf(PublishUncertainError)
    expect(budget.bytes).toBe(0)
  })

  it('every end of a publish gives its room back', async () => {
    const budget = new PublishBudget()
    const { appends, publish, pass } = laneOf(2, budget)
    const leaving = new AbortController()
    const all = [publish('stored'), publish('refused'), publish('left', leaving.signal)]
    leaving.abort()
    appends[0]?.answer.resolve(stored(1))
    appends[1]?.answer.reject(new ExpectationFailedError('rooms/1'))
    const expired = publish('expired')
    await pass(10_000)

    await Promise.all([...all, expired])
    expect(budget.bytes).toBe(0)
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
