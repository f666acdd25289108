/**
 * Servers over HTTP/2 for clients and proxies that others made.
 */

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createSecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'

import { Deferred } from '../../src/base/internal.ts'
import {
  type Application,
  attach,
  CloseReason,
  createApplication,
  embeddedServer,
  type EmbeddedServer,
  type EmbeddedServerOptions,
  permessageDeflate,
  WebSockets,
} from '../../src/index.ts'
import { certificate } from '../support/certificate.ts'

/** Debian puts HAProxy where the path of a user does not lead. */
export const ENV = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }

/** `/version` says over what it came. */
function routes(app: Application): void {
  app.install(WebSockets, { origins: 'any', extensions: [permessageDeflate({ threshold: 0 })] })
  app.routing((route) => {
    route.webSocket('/echo', async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
    route.webSocket('/version', ({ call, send }) => send(call.request.origin.version))
    route.webSocket('/expired', ({ close }) => close(new CloseReason(4401, 'Token expired ✓')))
    route.webSocket('/broken', () => {
      throw new Error('on purpose')
    })
  })
}

/**
 * A page with `talk`, which sends messages and resolves with the answers and the end, and with
 * `hold`, which opens a socket for `goOn`.
 */
const PAGE = `<!doctype html><title>towpath</title><script>
  const open = (path) => new WebSocket('wss://' + location.host + path)
  const hold = (path) => new Promise((resolve) => { window.held = open(path); held.onopen = () => resolve() })
  const goOn = (sent) => new Promise((resolve) => {
    const received = []
    sent.forEach((message) => held.send(message))
    held.onmessage = ({ data }) => {
      received.push(data)
      if (received.length === sent.length) held.close(1000)
    }
    held.onclose = ({ code, wasClean }) => resolve({ received, code, wasClean })
  })
  const talk = (path, sent) => new Promise((resolve) => {
    const socket = open(path)
    const received = []
    socket.onopen = () => sent.forEach((message) => socket.send(message))
    socket.onmessage = ({ data }) => {
      received.push(data)
      if (received.length === sent.length) socket.close(1000)
    }
    socket.onclose = ({ code, reason }) =>
      resolve({ received, code, reason, extensions: socket.extensions })
  })
</script>`

export function serve(options: Partial<EmbeddedServerOptions>): Promise<EmbeddedServer> {
  return embeddedServer(
    {
      port: 0,
      host: '127.0.0.1',
      signals: false,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      http: (_, response) => {
        response.setHeader('content-type', 'text/html')
        response.end(PAGE)
      },
      ...options,
    },
    routes,
  ).start()
}

/** How a socket of a page went. */
export interface Talk {
  readonly received: readonly string[]
  readonly code: number
  readonly reason: string
  readonly extensions: string
}

export const SHORT = { grace: 0, timeout: 1000 }

/** Whether a test must be skipped, because no file exists at `path`. CI installs all programs. */
export function lacks(path: string): boolean {
  return process.env['CI'] === undefined && !existsSync(path)
}

/** How a session of HTTP/2 ended. */
interface StreamEnd {
  readonly code: number
  readonly clean: boolean
  /** The code of the RST_STREAM, if there was one; 0 is a clean end. */
  readonly rstCode: number
}

/** A server of node:http2 that may say GOAWAY while sessions are open. */
export interface LeavingServer extends AsyncDisposable {
  readonly port: number
  /** Says GOAWAY on all connections. */
  sayGoaway(): void
  /** Resolves with the end of the first session at `path` over HTTP/2. */
  endOf(path: string): Promise<StreamEnd>
}

/** Serves the page and the routes with an application that is attached. */
export async function leavingServer(): Promise<LeavingServer> {
  const app = createApplication(routes)
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, (_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(PAGE)
  })
  attach(app, server, { http2: true })
  const connections = new Set<ServerHttp2Session>()
  const ends = new Map<string, { info: Deferred<[number, boolean]>; rstCode: Deferred<number> }>()
  const endOf = (path: string) => {
    const end = ends.get(path) ?? { info: new Deferred(), rstCode: new Deferred() }
    ends.set(path, end)
    return end
  }
  server.on('session', (session) => connections.add(session))
  server.on('stream', (stream, headers) => {
    if (headers[':protocol'] === undefined) return
    stream.once('close', () => endOf(headers[':path'] ?? '').rstCode.resolve(stream.rstCode))
  })
  app.monitor.on('sessionClosed', ({ session, info }) => {
    if (session.call.request.origin.version !== 'HTTP/2') return
    endOf(session.call.request.uri).info.resolve([info.reason.code, info.clean])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    sayGoaway() {
      for (const session of connections) session.close()
    },
    async endOf(path) {
      const { info, rstCode } = endOf(path)
      const [code, clean] = await info.promise
      return { code, clean, rstCode: await rstCode.promise }
    },
    async [Symbol.asyncDispose]() {
      await app.stop(SHORT)
      for (const session of connections) session.destroy()
      server.close()
    },
  }
}
