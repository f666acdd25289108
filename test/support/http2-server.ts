/**
 * A server of ours that speaks HTTP/2, and what a test watches of it.
 */

import { createServer, type Socket } from 'node:net'

import { VirtualClock } from '../../src/base/index.ts'
import { TimerWheel } from '../../src/base/internal.ts'
import { createEnvironment } from '../../src/engines/node/environment.ts'
import { HTTP2_OPTIONS } from '../../src/engines/node/http2/http2-options.ts'
import { Http2Server } from '../../src/engines/node/http2/http2-server.ts'
import {
  type Application,
  createApplication,
  embeddedServer,
  type EmbeddedServer,
  type EmbeddedServerOptions,
  WebSockets,
} from '../../src/index.ts'
import { certificate } from './certificate.ts'
import { listen } from './loopback.ts'

/** Declares an echo at `/echo`. */
function echo(app: Application): void {
  app.install(WebSockets)
  app.routing((route) => {
    route.webSocket('/echo', async ({ incoming, send }) => {
      for await (const frame of incoming) await send(frame)
    })
  })
}

/** Serves an echo at `/echo`, and what `module` adds, over TLS with HTTP/2. */
export function serveHttp2(
  options: Partial<EmbeddedServerOptions> = {},
  module: (app: Application) => void = () => {},
): Promise<EmbeddedServer> {
  const defaults = { port: 0, host: '127.0.0.1', signals: false, tls: certificate, http2: true }
  return embeddedServer({ ...defaults, ...options }, (app) => {
    echo(app)
    module(app)
  }).start()
}

/** The part of a server that speaks HTTP/2, in virtual time. */
export interface VirtualHttp2 extends AsyncDisposable {
  readonly port: number
  readonly http2: Http2Server
  readonly clock: VirtualClock
}

/** Serves an echo at `/echo` over HTTP/2 without TLS, with the defaults. */
export async function serveInVirtualTime(): Promise<VirtualHttp2> {
  const clock = new VirtualClock()
  const http2 = await Http2Server.open({
    application: createApplication(echo),
    environment: { ...createEnvironment(), clock, timers: new TimerWheel(clock) },
    http: null,
    health: null,
    maxHeadSize: 32 * 1024,
    settings: HTTP2_OPTIONS.defaults,
    spoke: () => {},
  })
  const sockets: Socket[] = []
  const listener = createServer((socket) => {
    sockets.push(socket)
    http2.serve(socket)
  })
  return {
    port: await listen(listener),
    http2,
    clock,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        listener.close(() => resolve())
      })
    },
  }
}
