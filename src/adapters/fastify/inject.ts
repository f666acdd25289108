/**
 * `injectWebSocket`: a client that is connected to the server of Fastify in memory.
 */

import { Agent } from 'node:http'
import { type Duplex, duplexPair } from 'node:stream'
import { Server as TlsServer } from 'node:tls'

import type { WebSocketClientSession } from '../../client/index.ts'
import { openWebSocket } from '../../engines/node/index.ts'
import type { FastifyLike, FastifyServer, InjectWebSocketOptions } from './fastify-types.ts'

/** Makes the function that opens a WebSocket of `fastify` in memory. */
export function injectInto(
  fastify: FastifyLike,
): (path: string, options?: InjectWebSocketOptions) => Promise<WebSocketClientSession> {
  // A server of HTTP/2 answers no HTTP/1.1: the promise below then rejects with ConnectError.
  const agent = new MemoryAgent(fastify.server as FastifyServer)
  return async (path, options = {}) => {
    await fastify.ready()
    return openWebSocket(new URL(path, 'ws://localhost'), { ...options, agent })
  }
}

/**
 * Connects requests to a server in the same process. Inherits, because an agent of Node is replaced
 * in no other way.
 */
class MemoryAgent extends Agent {
  readonly #server: FastifyServer

  constructor(server: FastifyServer) {
    super()
    this.#server = server
  }

  override createConnection(): Duplex {
    const [client, server] = duplexPair()
    // Node documents that `connection` may be emitted with any stream. TLS is left out.
    const event = this.#server instanceof TlsServer ? 'secureConnection' : 'connection'
    this.#server.emit(event, server)
    return client
  }
}
