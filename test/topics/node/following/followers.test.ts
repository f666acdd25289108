import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Broker,
  BrokerUnavailableError,
  defineTopic,
  memoryBroker,
} from '../../../../src/topics/index.ts'
import { Followers } from '../../../../src/topics/node/following/followers.ts'
import { HeldBudget } from '../../../../src/topics/node/following/held-events.ts'
import { LogFollower } from '../../../../src/topics/node/following/log-follower.ts'
import { WireFollower } from '../../../../src/topics/node/following/wire-follower.ts'
import { KindCounters } from '../../../../src/topics/node/kind-counters.ts'
import { LogKinds } from '../../../../src/topics/node/log-kinds.ts'
import { ReadSlots } from '../../../../src/topics/node/reading/read-slots.ts'
import { RingBudget } from '../../../../src/topics/node/ring-budget.ts'
import { Sweep } from '../../../../src/topics/node/sweep.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../../src/testing/test-environment.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const Plain = defineTopic('plain/:name')
const LINGER_MS = 5000

let environment: TestEnvironment
let broker: Broker
let followers: Followers

beforeEach(async () => {
  environment = createTestEnvironment(1)
  broker = memoryBroker()
  const sink = { event() {}, message() {}, state() {} }
  await broker.open(sink, { namespace: 'test', nodeId: 'a', environment })
  let numbers = 0
  const parts = {
    broker,
    environment,
    slots: new ReadSlots(),
    budget: new RingBudget(),
    held: new HeldBudget(),
    sweep: new Sweep(environment),
    isUp: () => true,
    nextNumber: () => ++numbers,
    countersOf: () => new KindCounters(),
    told() {},
  }
  const settings = { lingerMs: LINGER_MS, checkEveryMs: 25_000 }
  followers = new Followers(parts, new LogKinds(broker, 60_000), settings)
})

afterEach(() => followers.end())

const pass = (ms: number): Promise<void> => environment.clock.advance(ms)

describe('Followers', () => {
  it('follows a topic with its log, and one without history on the wire', () => {
    expect(followers.follow('rooms/1', Room)).toBeInstanceOf(LogFollower)
    expect(followers.follow('plain/1', Plain)).toBeInstanceOf(WireFollower)
    expect(followers.follow('rooms/1', Room)).toBe(followers.find('rooms/1'))
    expect(followers.size).toBe(2)
  })

  it('is ready when the head of the topic is known', async () => {
    const ready = followers.ready('rooms/1', Room, null)
    expect(followers.find('rooms/1')?.topic.isReady).toBe(false)

    expect((await ready)?.topic.isReady).toBe(true)
  })

  it('T-31 is ready once a check has read the head, if the broker did not answer at first', async () => {
    broker.follow = () => Promise.reject(new BrokerUnavailableError('follow', null))
    const ready = followers.ready('rooms/1', Room, null)
    await pass(250)

    expect((await ready)?.topic.isReady).toBe(true)
  })

  it('gives a topic without subscriptions up after the linger time, unless it is followed again', async () => {
    const { topic } = followers.follow('rooms/1', Room)
    followers.letLinger(topic)
    followers.letLinger(topic)
    await pass(LINGER_MS - 1)
    followers.follow('rooms/1', Room)
    await pass(LINGER_MS)
    expect(followers.size).toBe(1)
    followers.letLinger(topic)
    await pass(LINGER_MS)

    expect([followers.size, environment.timers.size]).toEqual([0, 0])
  })

  it('keeps a topic that has a subscription', async () => {
    const { topic } = followers.follow('rooms/1', Room)
    topic.subscriptions.add({ place: -1, epoch: '', offset: 0, visit() {} })
    followers.letLinger(topic)
    await pass(LINGER_MS)

    expect(followers.size).toBe(1)
  })

  it('does not linger with a topic of the same name that was given up before', async () => {
    const old = followers.follow('rooms/1', Room).topic
    followers.letLinger(old)
    await pass(LINGER_MS)
    followers.follow('rooms/1', Room)
    followers.letLinger(old)
    await pass(LINGER_MS)

    expect(followers.size).toBe(1)
  })

  it('tells a topic that is given up while its head is awaited', async () => {
    broker.follow = () => new Promise(() => {})
    const ready = followers.ready('rooms/1', Room, null)
    const topic = followers.find('rooms/1')?.topic
    if (topic !== undefined) followers.letLinger(topic)
    broker.heads = () => new Promise(() => {})
    await pass(LINGER_MS)

    expect(await ready).toBeNull()
  })

  it('gives all topics up at its end, and follows no others', async () => {
    followers.follow('rooms/1', Room)
    await pass(0)
    followers.end()

    expect([followers.size, environment.timers.size]).toEqual([0, 0])
    expect(() => followers.follow('rooms/2', Room)).toThrow(BrokerUnavailableError)
  })
})
