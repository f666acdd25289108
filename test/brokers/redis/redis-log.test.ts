import { describe, expect, it } from 'vitest'
import type { RedisConnection } from '../../../src/brokers/redis/redis-connection.ts'
import { RedisLog } from '../../../src/brokers/redis/redis-log.ts'
import { RedisNames } from '../../../src/brokers/redis/redis-names.ts'
import { BrokerUnavailableError, ExpectationFailedError } from '../../../src/topics/index.ts'
import { bytes, KIND, topicOf } from '../../suites/brokers/harness.ts'

const ROOM = topicOf('rooms/1')

class ErrorReply extends Error {}

/** A log over a Redis that answers what the test says. */
function createWorld(answer: (keys: readonly string[]) => unknown, isCluster = false) {
  const runs: Array<readonly string[]> = []
  const leading: Array<readonly unknown[]> = []
  const ends: Error[] = []
  // What a log uses of a connection.
  const connection = {
    isCluster,
    publishCommand: isCluster ? 'SPUBLISH' : 'PUBLISH',
    failSoon: (_key: string, cause: Error) => void ends.push(cause),
    run(_script: unknown, keys: readonly string[], args: readonly unknown[]) {
      runs.push(keys)
      leading.push(args.slice(0, 3))
      return Promise.resolve(keys).then(answer)
    },
  } as unknown as RedisConnection
  const log = new RedisLog(new RedisNames('test'), ErrorReply, false, () => 'fresh')
  const append = () =>
    log.append(connection, {
      topic: ROOM,
      message: bytes('x'),
      identity: { id: 'x' },
      expect: undefined,
    })
  return { log, connection, append, runs, leading, ends }
}

describe('RedisLog', () => {
  it('T-19 what Redis refuses is not stored', async () => {
    const { append } = createWorld(() => {
      throw new ErrorReply('OOM command not allowed')
    })

    await expect(append()).rejects.toThrow(BrokerUnavailableError)
    await expect(append()).rejects.toThrow('Redis answers OOM')
  })

  it('T-18 what Redis has stored before it failed is stored, and ends the connection', async () => {
    const { append, ends } = createWorld(() => ['e', '3', 0, 'NOPERM this user cannot publish'])

    expect(await append()).toEqual({ epoch: 'e', offset: 3, duplicate: false })
    expect(ends).toMatchObject([
      {
        code: 'TOWPATH_BROKER_UNUSABLE',
        message:
          'Cannot use the broker: Redis has stored an event and refuses PUBLISH or PEXPIRE after it, expected a user who may run both',
        cause: { message: 'NOPERM this user cannot publish' },
      },
    ])
  })

  it('T-19 an answer that did not come is passed on as it is', async () => {
    const { append } = createWorld(() => {
      throw new Error('reset')
    })

    await expect(append()).rejects.toThrow('reset')
  })

  it('T-24 a failed expectation is refused', async () => {
    await expect(createWorld(() => ['e', '', 2]).append()).rejects.toThrow(ExpectationFailedError)
  })

  it.each([[null], ['OK'], [[]], [['e', '-1', 0]], [['e', '', 0]], [['e e', '1', 0]]])(
    'T-19 an answer of %j does not resolve the append',
    async (reply) => {
      await expect(createWorld(() => reply).append()).rejects.toThrow('answer of Redis')
    },
  )

  it('meta outlives its log by the age of the log, 1 hour at least and 24 hours at most', async () => {
    const { log, connection, leading } = createWorld(() => ['e', '0'])
    const hour = 3_600_000
    for (const ageMs of [60_000, 2 * hour, 48 * hour]) {
      await log.heads(connection, [topicOf('a', { ...KIND, ageMs })])
    }

    const ttls = leading.map(([, , ttl]) => Number(ttl))
    expect(ttls).toEqual([60_000 + hour, 4 * hour, 72 * hour])
  })

  it('on a cluster, one script reads the heads of one partition', async () => {
    const topics = Array.from({ length: 40 }, (_, n) => topicOf(`rooms/${n}`))
    const numbers = (keys: readonly string[]): string[] =>
      keys.filter((_, at) => at % 2 === 0).map((key) => key.split('/')[1] ?? '')
    const heads = (keys: readonly string[]): unknown => numbers(keys).flatMap((n) => ['e', n])
    const [single, cluster] = [createWorld(heads), createWorld(heads, true)]

    const expected = topics.map((_, n) => ({ epoch: 'e', offset: n }))
    expect(await single.log.heads(single.connection, topics)).toEqual(expected)
    expect(await cluster.log.heads(cluster.connection, topics)).toEqual(expected)

    expect(single.runs).toHaveLength(1)
    for (const keys of cluster.runs) {
      expect(new Set(keys.map((key) => /\{\d+\}/.exec(key)?.[0])).size).toBe(1)
    }
  })
})
