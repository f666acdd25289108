import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import * as redis from '@redis/client'
import { describe, expect, it, vi } from 'vitest'
import {
  askInTurn,
  type Client,
  openClient,
  verifyServer,
} from '../../../src/brokers/redis/redis-client.ts'
import { readRedisOptions } from '../../../src/brokers/redis/redis-options.ts'
import type { Environment } from '../../../src/base/internal.ts'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'
import { freePort } from '../../support/brokers/engine-process.ts'

/** What a client is made with. */
function partsOf(
  signal: AbortSignal = new AbortController().signal,
  { timers }: Pick<Environment, 'timers'> = createTestEnvironment(1),
) {
  return { redis, settings: readRedisOptions({}), signal, ended() {}, attempt: 0, timers }
}

/** A client whose server says `info`. */
function saying(info: string): Client {
  // What the check uses of a client.
  return { info: () => Promise.resolve(info) } as unknown as Client
}

/** A server that accepts connections and never answers. */
async function frozen() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // of TCP
  return {
    port,
    /** Resolves when the next client is connected. */
    connected: async (): Promise<Socket> => {
      const [socket] = (await once(server, 'connection')) as [Socket] // what the event passes
      socket.on('error', () => {})
      socket.resume()
      return socket
    },
    close: () => server.close(),
  }
}

/** A server that answers every command with `OK`. */
async function listening(): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      const commands = chunk.toString('latin1').match(/^\*\d+\r$/gm) ?? []
      for (const _ of commands) socket.write('+OK\r\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // of TCP
  return { port, close: () => server.close() }
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

describe('askInTurn(), when a server is frozen', () => {
  it('asks no other server after the attempt has ended', async () => {
    const { port, connected, close } = await frozen()
    const other = await listening()
    const addresses = [port, other.port].map((each) => ({ host: '127.0.0.1', port: each }))
    const attempt = new AbortController()
    const asked: number[] = []
    const socket = connected()

    const answer = askInTurn(partsOf(attempt.signal), addresses, 'Cannot ask', (_, address) => {
      asked.push(address.port)
      return Promise.resolve(1)
    })
    const ending = once(await socket, 'close')
    attempt.abort()

    await expect(answer).rejects.toThrow('Cannot ask')
    await ending
    expect(asked).toEqual([])
    close()
    other.close()
  })

  it('passes over a server that does not answer in time', async () => {
    const { port, connected, close } = await frozen()
    const other = await listening()
    const addresses = [port, other.port].map((each) => ({ host: '127.0.0.1', port: each }))
    const environment = createTestEnvironment(1)
    const parts = partsOf(undefined, environment)
    const socket = connected()

    const answer = askInTurn(parts, addresses, 'Cannot ask', (_, address) =>
      Promise.resolve(address.port),
    )
    const ending = once(await socket, 'close')
    await environment.clock.advance(5000)

    expect(await answer).toBe(other.port)
    await ending
    close()
    other.close()
  })
})

describe('askInTurn(), when an answer is wrong', () => {
  it('each attempt begins with another server', async () => {
    const servers = await Promise.all([0, 1].map(() => listening()))
    const addresses = servers.map(({ port }) => ({ host: '127.0.0.1', port }))
    const ask = (attempt: number) =>
      askInTurn({ ...partsOf(), attempt }, addresses, 'Cannot ask', (_, { port }) =>
        Promise.resolve(port),
      )

    const answers = [await ask(0), await ask(1), await ask(2)]

    expect(answers).toEqual([0, 1, 0].map((index) => servers[index]?.port))
    for (const { close } of servers) close()
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
