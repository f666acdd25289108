/**
 * Servers that stand for Redis or a sentinel, and what a client is made with.
 */

import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import * as redis from '@redis/client'
import type { Environment } from '../../../src/base/internal.ts'
import type { ClientParts } from '../../../src/brokers/redis/redis-client.ts'
import { readRedisOptions } from '../../../src/brokers/redis/redis-options.ts'
import { createTestEnvironment } from '../../../src/testing/test-environment.ts'

/** What a client is made with. */
export function partsOf(
  signal: AbortSignal = new AbortController().signal,
  { timers }: Pick<Environment, 'timers'> = createTestEnvironment(1),
): ClientParts {
  return { redis, settings: readRedisOptions({}), signal, ended() {}, attempt: 0, timers }
}

/** A server that accepts connections and never answers. */
export interface FrozenServer {
  readonly port: number
  /** Resolves when the next client is connected. */
  readonly connected: () => Promise<Socket>
  readonly close: () => void
}

/** Starts a server that accepts connections and never answers. */
export async function frozen(): Promise<FrozenServer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // of TCP
  return {
    port,
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
export async function listening(): Promise<{ readonly port: number; readonly close: () => void }> {
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
