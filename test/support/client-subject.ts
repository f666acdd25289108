/**
 * The client on Node as the conformance suite sees it: a server made of bytes that it is connected
 * to, over a real connection.
 */

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { createWebSocketClient, openWebSocket } from '../../src/node-client.ts'
import { MAX_MESSAGE_BYTES, type Subject } from '../suites/conformance/subject.ts'
import { certificate } from './certificate.ts'
import { loopbackTurn } from './node-host.ts'
import { Peer } from './peer.ts'
import type { RawHttp2 } from './raw-http2.ts'
import { type RawHttp2Server, rawHttp2Server } from './raw-http2-server.ts'
import { type RawServer, rawServer, switchingHead } from './raw-server.ts'

/** An echo in the role of a client, over TCP or TLS. */
export function nodeClientSubject(transport: 'auto' | 'stream', tls = false): Subject {
  let server: RawServer | null = null
  const waiting: Array<(peer: Peer) => void> = []
  return {
    name: `a client on node (${tls ? 'TLS' : transport})`,
    role: 'client',
    async start() {
      server = await rawServer(
        ({ socket, head, rest }) => {
          socket.write(switchingHead(head))
          waiting.shift()?.(peerOf(socket, rest))
        },
        tls ? { tls: {} } : {},
      )
    },
    async connect() {
      const peer = new Promise<Peer>((resolve) => {
        waiting.push(resolve)
      })
      const session = await openWebSocket(
        `${tls ? 'wss' : 'ws'}://localhost:${server?.port ?? 0}/`,
        {
          transport,
          tls: { ca: certificate.cert },
          maxMessageSize: MAX_MESSAGE_BYTES,
          maxFragments: Infinity,
          closeTimeout: 60_000,
        },
      )
      void echo(session)
      return peer
    },
    settle: loopbackTurn,
    stop: async () => server?.[Symbol.asyncDispose](),
  }
}

/** The same over HTTP/2: all sessions are streams of one connection. */
export function http2ClientSubject(): Subject {
  let server: RawHttp2Server | null = null
  let connection: Promise<RawHttp2> | null = null
  const client = createWebSocketClient({ http2: true, tls: { ca: certificate.cert } })
  return {
    name: 'a client on node (HTTP/2)',
    role: 'client',
    async start() {
      server = await rawHttp2Server()
      connection = server.next()
    },
    async connect() {
      const opening = client.openWebSocket(`wss://localhost:${server?.port ?? 0}/`, {
        maxMessageSize: MAX_MESSAGE_BYTES,
        maxFragments: Infinity,
        closeTimeout: 60_000,
      })
      const http2 = await connection
      if (http2 === null) throw new Error('not started')
      const peer = http2.accept(await http2.nextRequest())
      void echo(await opening)
      return peer
    },
    async settle() {
      await (await connection)?.settle()
      await loopbackTurn()
    },
    stop: async () => server?.[Symbol.asyncDispose](),
  }
}

type Session = Awaited<ReturnType<typeof openWebSocket>>

async function echo(session: Session): Promise<void> {
  try {
    for await (const frame of session.incoming) await session.send(frame)
  } catch {
    // The peer broke a rule, which is what most cases are about.
  }
  await session[Symbol.asyncDispose]()
}

/** The end of a connection whose upgrade has been answered. */
export function peerOf(socket: Socket, rest: Buffer): Peer {
  const peer = new Peer({
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    // TLS lets nobody reset what is below it.
    reset: () => void (socket instanceof TLSSocket ? socket.destroy() : socket.resetAndDestroy()),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  })
  if (rest.length > 0) peer.inbox.push(rest)
  let failure: Error | null = null
  socket.on('data', (chunk: Buffer) => peer.inbox.push(chunk))
  socket.on('end', () => peer.inbox.end())
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('close', () => peer.carrierClosed(failure))
  return peer
}
