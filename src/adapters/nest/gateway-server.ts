/**
 * What Nest calls the server of a gateway: the clients at one path.
 */

import type { IncomingMessage } from 'node:http'

import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import { asWebSocket, type WebSocketView } from '../../interop/index.ts'

/** A client as gateways get it: a socket with the events of the package `ws`, and its session. */
export interface NestClient extends WebSocketView {
  readonly session: DefaultWebSocketServerSession
}

/** Called by Nest's side for each client. */
export type NestConnectCallback = (client: NestClient, request: IncomingMessage) => void

/** What `@WebSocketServer()` puts into a gateway. */
export class GatewayServer {
  /** As declared by the gateway. */
  readonly path: string
  readonly #clients = new Set<NestClient>()
  readonly #callbacks: NestConnectCallback[] = []

  constructor(path: string) {
    this.path = path
  }

  /** The clients that are connected at this path. */
  get clients(): ReadonlySet<NestClient> {
    return this.#clients
  }

  /** Several gateways may share a path. */
  whenConnected(callback: NestConnectCallback): void {
    this.#callbacks.push(callback)
  }

  /** Resolves when the session is over and its listeners for `close` have been called. */
  async serve(session: DefaultWebSocketServerSession, request: IncomingMessage): Promise<void> {
    const client: NestClient = Object.assign(asWebSocket(session), { session })
    this.#clients.add(client)
    const closed = new Promise<void>((resolve) => {
      client.once('close', () => {
        this.#clients.delete(client)
        resolve()
      })
    })
    for (const callback of this.#callbacks) callback(client, request)
    await closed
  }
}
