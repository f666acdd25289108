import { beforeEach, describe, expect, it } from 'vitest'
import type { Broker, Head, LogTopic } from '../../../../src/topics/index.ts'
import { Checks } from '../../../../src/topics/node/following/checks.ts'
import type { LogFollower } from '../../../../src/topics/node/following/log-follower.ts'
import {
  createTestEnvironment,
  type TestEnvironment,
} from '../../../../src/testing/test-environment.ts'
import { topicOf } from '../../../suites/brokers/harness.ts'

const EVERY_MS = 25_000
const HEAD: Head = { epoch: 'e', offset: 7 }

let environment: TestEnvironment
let checks: Checks
/** The sizes of the batches that the broker was asked for. */
let batches: number[]
let isUp: boolean
let fails: number

beforeEach(() => {
  environment = createTestEnvironment(1)
  ;[batches, isUp, fails] = [[], true, 0]
  const broker: Pick<Broker, 'heads'> = {
    heads(topics: readonly LogTopic[]) {
      batches.push(topics.length)
      return fails-- > 0
        ? Promise.reject(new Error('no leader'))
        : Promise.resolve(topics.map(() => HEAD))
    },
  }
  checks = new Checks(broker as Broker, environment, EVERY_MS, () => isUp) // what checks use
})

/** A follower as checks use it: `checkedAt` has the times of its checks. */
class Follower {
  readonly log: LogTopic
  readonly topic = { place: HEAD }
  readonly checkedAt: number[] = []
  knownAt = 0

  constructor(name: string) {
    this.log = topicOf(name)
  }

  checked(head: Head): void {
    if (head === HEAD) this.checkedAt.push(environment.clock.now())
  }

  get follower(): LogFollower {
    return this as unknown as LogFollower
  }
}

function add(name: string): Follower {
  const each = new Follower(name)
  checks.add(each.follower)
  return each
}

const pass = (ms: number): Promise<void> => environment.clock.advance(ms)

describe('Checks', () => {
  it('T-05 compares the head of a topic at 250 ms and 2 s after it was followed', async () => {
    const { checkedAt, follower } = add('a')
    await pass(2500)
    checks.remove(follower)

    expect(checkedAt).toEqual([250, 2000])
  })

  it('T-05 compares the head of each topic from time to time', async () => {
    const { checkedAt } = add('a')
    await pass(120_000)
    const later = checkedAt.slice(2)

    expect(later.length).toBeGreaterThanOrEqual(3)
    for (const [index, at] of later.entries()) {
      expect(at - (later[index - 1] ?? 2000)).toBeLessThanOrEqual(EVERY_MS + 1000)
    }
  })

  it('passes over a topic that has just had an event', async () => {
    const each = add('a')
    await pass(2500)
    for (let second = 0; second < 60; second++) {
      each.knownAt = environment.clock.now()
      await pass(1000)
    }

    expect(each.checkedAt).toEqual([250, 2000])
  })

  it('asks once for topics that are due at the same time', async () => {
    for (const name of ['a', 'b', 'c']) add(name)
    await pass(250)

    expect(batches).toEqual([3])
  })

  it('asks for at most 1024 heads at once', async () => {
    for (let n = 0; n < 1025; n++) add(`${n}`)
    await checks.all()

    expect(batches).toEqual([1024, 1])
  })

  it('T-31 compares all heads when the broker is back', async () => {
    const followers = ['a', 'b', 'c'].map(add)
    await checks.all()

    expect(batches).toEqual([3])
    for (const { checkedAt } of followers) expect(checkedAt).toEqual([0])
  })

  it('asks again after 2 s if the broker is up and does not answer, and not while it is down', async () => {
    const each = add('a')
    await pass(2500)
    fails = 1
    await checks.all()
    await pass(2000)
    expect(each.checkedAt).toEqual([250, 2000, 4500])

    isUp = false
    fails = 1
    await checks.all()
    await pass(10_000)

    expect(each.checkedAt).toHaveLength(3)
  })

  it('keeps nothing of a topic that is no longer followed', async () => {
    const { checkedAt, follower } = add('a')
    fails = 1
    await checks.all()
    checks.remove(follower)
    await pass(60_000)

    expect([checkedAt, environment.timers.size]).toEqual([[], 0])
  })
})
