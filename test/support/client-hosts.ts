/**
 * A client on Node as a suite sees it: sessions, each with the server's end of it made of bytes.
 */

import type { Socket } from 'node:net'

import {
  createWebSocketClient,
  type NodeClientOptions,
  type WebSocketClientSession,
} from '../../src/node-client.ts'
import { certificate } from './certificate.ts'
import { peerOf } from './client-subject.ts'
import type { Peer } from './peer.ts'
import { rawHttp2Server } from './raw-http2-server.ts'
import { rawServer, switchingHead } from './raw-server.ts'

/** A session of a client, and the server's end of it. */
export interface OpenedPair {
  readonly session: WebSocketClientSession
  readonly peer: Peer
}

/** A server that accepts everything, and a client of it. */
export interface ClientHost {
  readonly name: string
  open(options?: NodeClientOptions): Promise<OpenedPair>
  stop(): Promise<void>
}

/** Over HTTP/1.1, with TLS or without. */
export async function http1Client(tls: boolean): Promise<ClientHost> {
  const waiting: Array<(peer: Peer) => void> = []
  const server = await rawServer(
    ({ socket, head, rest }: { socket: Socket; head: string; rest: Buffer }) => {
      socket.write(switchingHead(head))
      waiting.shift()?.(peerOf(socket, rest))
    },
    tls ? { tls: {} } : {},
  )
  const client = createWebSocketClient({ tls: { ca: certificate.cert } })
  return {
    name: tls ? 'TLS' : 'TCP',
    async open(options = {}) {
      const peer = new Promise<Peer>((resolve) => {
        waiting.push(resolve)
      })
      const url = `${tls ? 'wss' : 'ws'}://localhost:${server.port}/`
      return { session: await client.openWebSocket(url, options), peer: await peer }
    },
    stop: async () => server[Symbol.asyncDispose](),
  }
}

/** Over HTTP/2, all sessions on one connection. */
export async function http2Client(): Promise<ClientHost> {
  const server = await rawHttp2Server()
  const client = createWebSocketClient({ http2: true, tls: { ca: certificate.cert } })
  const connection = server.next()
  return {
    name: 'HTTP/2',
    async open(options = {}) {
      const opening = client.openWebSocket(`wss://localhost:${server.port}/`, options)
      const http2 = await connection
      const peer = http2.accept(await http2.nextRequest())
      return { session: await opening, peer }
    },
    stop: async () => server[Symbol.asyncDispose](),
  }
}
