import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { type Client, openClient, verifyServer } from '../../../src/brokers/redis/redis-client.ts'
import { freePort } from '../../support/free-port.ts'
import { frozen, listening, partsOf } from '../../support/brokers/redis-servers.ts'

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

  it('ends the socket of an attempt that ends while it connects', async () => {
    const { port, connected, close } = await frozen()
    const ending = connected().then((socket) => once(socket, 'close'))
    const attempt = new AbortController()

    const opening = openClient(partsOf(attempt.signal), { host: '127.0.0.1', port })
    // Reading the password and making the socket take no turn of the event loop. To connect does.
    process.nextTick(() => process.nextTick(() => attempt.abort()))

    await expect(opening).rejects.toBeInstanceOf(Error)
    await ending
    close()
  })

  it('makes a client that arms no timer for a command', async () => {
    const { port, close } = await listening()
    const closing = new AbortController()
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    try {
      const client = await openClient(partsOf(closing.signal), { host: '127.0.0.1', port })

      await client.sendCommand(['PING'])
      await client.withTypeMapping({}).sendCommand(['PING'])

      expect(timeout).not.toHaveBeenCalled()
    } finally {
      timeout.mockRestore()
      closing.abort()
      close()
    }
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
    ['x', 0, 'master', false, 'Redis is x, expected 7.0 or newer'],
  ])('refuses %s, cluster %i, %s', async (version, cluster, role, isCluster, problem) => {
    const verified = verifyServer(saying(info(version, cluster, role)), isCluster)

    await expect(verified).rejects.toThrow(problem)
  })

  it('T-34 refuses a server that does not say its version', async () => {
    for (const text of ['', 'role:master\r\ncluster_enabled:0\r\n']) {
      await expect(verifyServer(saying(text), false)).rejects.toThrow('Redis is unknown')
    }
  })

  it('accepts a primary of 7.0, and the version that Valkey says for compatibility', async () => {
    const valkey = `${info('7.2.4', 0, 'master')}valkey_version:8.1.0\r\n`

    await expect(verifyServer(saying(info('7.0.0', 0, 'master')), false)).resolves.toBeUndefined()
    await expect(verifyServer(saying(valkey), false)).resolves.toBeUndefined()
  })
})
