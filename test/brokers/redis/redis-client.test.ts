import * as redis from '@redis/client'
import { describe, expect, it } from 'vitest'
import {
  askInTurn,
  type Client,
  openClient,
  verifyServer,
} from '../../../src/brokers/redis/redis-client.ts'
import { readRedisOptions } from '../../../src/brokers/redis/redis-options.ts'
import { freePort } from '../../support/brokers/engine-process.ts'

/** What a client is made with. */
function partsOf(signal: AbortSignal = new AbortController().signal) {
  return { redis, settings: readRedisOptions({}), signal, ended() {} }
}

/** A client whose server says `info`. */
function saying(info: string): Client {
  // What the check uses of a client.
  return { info: () => Promise.resolve(info) } as unknown as Client
}

describe('openClient()', () => {
  it('rejects when the attempt has ended before', async () => {
    const address = { host: '127.0.0.1', port: await freePort() }

    await expect(openClient(partsOf(AbortSignal.abort()), address)).rejects.toThrow(
      'the attempt has ended',
    )
  })
})

describe('askInTurn()', () => {
  it('rejects with the given problem and the last cause when no server answers', async () => {
    const addresses = [{ host: '127.0.0.1', port: await freePort() }]

    const answer = askInTurn(partsOf(), addresses, 'Cannot ask', () => Promise.resolve(1))

    await expect(answer).rejects.toMatchObject({
      message: 'Cannot ask',
      cause: { code: 'ECONNREFUSED' },
    })
  })
})

describe('verifyServer()', () => {
  const info = (version: string, cluster: number, role: string): string =>
    `redis_version:${version}\r\nrole:${role}\r\ncluster_enabled:${cluster}\r\n`

  it.each([
    ['6.2.14', 0, 'master', false, 'Redis is 6.2.14, expected 7.0 or newer'],
    ['7.0.0', 1, 'master', false, 'expected the option "cluster"'],
    ['7.0.0', 0, 'master', true, 'expected the option "url"'],
    ['7.0.0', 0, 'slave', false, 'it is a replica'],
  ])('refuses %s, cluster %i, %s', async (version, cluster, role, isCluster, problem) => {
    const verified = verifyServer(saying(info(version, cluster, role)), isCluster)

    await expect(verified).rejects.toThrow(problem)
  })

  it('accepts a primary of 7.0, and the version that Valkey says for compatibility', async () => {
    const valkey = `${info('7.2.4', 0, 'master')}valkey_version:8.1.0\r\n`

    await expect(verifyServer(saying(info('7.0.0', 0, 'master')), false)).resolves.toBeUndefined()
    await expect(verifyServer(saying(valkey), false)).resolves.toBeUndefined()
  })
})
