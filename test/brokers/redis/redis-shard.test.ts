import * as redis from '@redis/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRedisOptions } from '../../../src/brokers/redis/redis-options.ts'
import { publishCommandOf, RedisShard } from '../../../src/brokers/redis/redis-shard.ts'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { REDIS, RedisServer } from '../../support/brokers/redis-harness.ts'
import { bytes, text } from '../../suites/brokers/harness.ts'

describe('publishCommandOf()', () => {
  it('messages of a cluster go to the server of their slot alone', () => {
    expect([publishCommandOf(true), publishCommandOf(false)]).toEqual(['SPUBLISH', 'PUBLISH'])
  })
})

describe.skipIf(REDIS === null)('RedisShard', () => {
  let server: RedisServer

  beforeAll(async () => {
    server = await RedisServer.start()
  })

  afterAll(() => server.end())

  async function open() {
    const life = new AbortController()
    const ends: unknown[] = []
    const heard: string[] = []
    let wake: () => void = () => {}
    const { signal } = life
    const ended = (cause: unknown): void => void ends.push(cause)
    const { timers } = createTestEnvironment(1)
    const parts = { redis, settings: readRedisOptions({}), signal, ended, attempt: 0, timers }
    const address = { host: '127.0.0.1', port: server.port }
    const shard = await RedisShard.open(parts, address, false, (channel, message) => {
      heard.push(`${channel} ${text(message)}`)
      wake()
    })
    const first = new Promise<void>((resolve) => (wake = resolve))
    return { shard, ends, heard, first, end: () => life.abort() }
  }

  it('publishes to its own subscriptions, and is probed on both sockets', async () => {
    const { shard, heard, first, end } = await open()
    await shard.subscribe(['c'])

    await shard.publish('c', bytes('message'))
    await first
    await shard.probe()

    expect(heard).toEqual(['c message'])
    end()
  })

  it('a reply that makes the connection useless ends it', async () => {
    const { shard, ends, end } = await open()
    const unknown = { text: '', sha: '0'.repeat(40) }

    await expect(shard.run(unknown, [], [])).rejects.toThrow('NOSCRIPT')

    expect(ends).toHaveLength(1)
    end()
  })
})
