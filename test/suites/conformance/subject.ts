/**
 * The subject of a conformance test: an echo on some engine or in some role, and the bytes that a
 * peer exchanges with it.
 */

import { permessageDeflate, WebSockets } from '../../../src/index.ts'
import type { Role } from '../../../src/protocol/index.ts'
import type { Host, Served } from '../../support/hosts.ts'
import type { Peer } from '../../support/peer.ts'
import { defaultSession } from '../../support/session.ts'

/** One implementation of ours, as the peer sees it. */
export interface Subject {
  readonly name: string
  /** Our role; the peer has the other one. */
  readonly role: Role
  start(): Promise<void>
  /**
   * Connects and performs the handshake. Messages of up to `MAX_MESSAGE_BYTES` are echoed. The
   * server accepts compression if `extensions` offers it.
   */
  connect(extensions?: string): Promise<Peer>
  /** What has been sent is read, as far as that can be waited for. */
  settle(): Promise<void>
  stop(): Promise<void>
}

/** More than the largest message of the suite. */
export const MAX_MESSAGE_BYTES: number = 32 * 1024 * 1024

const OPTIONS = {
  maxMessageSize: MAX_MESSAGE_BYTES,
  maxFragments: Infinity,
  closeTimeout: 60_000,
} as const

/** An application behind an engine: we are the server. */
export function serverSubject(host: Host): Subject {
  let served: Served | null = null
  const required = (): Served => {
    if (served === null) throw new Error('not started')
    return served
  }
  return {
    name: `a server on ${host.name}`,
    role: 'server',
    async start() {
      served = await host.serve((app) => {
        app.install(WebSockets, { ...OPTIONS, extensions: [permessageDeflate()] })
        app.routing((route) => {
          route.webSocket('/', async ({ incoming, send }) => {
            for await (const frame of incoming) await send(frame)
          })
        })
      })
    },
    connect: (extensions) =>
      required().connect(
        '/',
        extensions === undefined ? {} : { 'Sec-WebSocket-Extensions': extensions },
      ),
    settle: () => required().settle(),
    stop: async () => void (await required().stop()),
  }
}

/** A session in the other role, over a link in memory: we are the client. */
export function clientSubject(): Subject {
  return {
    name: 'a client',
    role: 'client',
    start: () => Promise.resolve(),
    async connect() {
      const { session, peer } = defaultSession({ ...OPTIONS, role: 'client', masking: true })
      void session.run(async () => {
        for await (const frame of session.incoming) await session.send(frame)
      })
      return Promise.resolve(peer)
    },
    settle: turn,
    stop: () => Promise.resolve(),
  }
}

/** One turn of the event loop: on loopback a chance for what was written to arrive by itself. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
