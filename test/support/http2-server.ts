/**
 * A server of ours that speaks HTTP/2, and what a test watches of it.
 */

import {
  type Application,
  embeddedServer,
  type EmbeddedServer,
  type EmbeddedServerOptions,
  WebSockets,
} from '../../src/index.ts'
import { certificate } from './certificate.ts'

/** Serves an echo at `/echo`, and what `module` adds, over TLS with HTTP/2. */
export function serveHttp2(
  options: Partial<EmbeddedServerOptions> = {},
  module: (app: Application) => void = () => {},
): Promise<EmbeddedServer> {
  const defaults = { port: 0, host: '127.0.0.1', signals: false, tls: certificate, http2: true }
  return embeddedServer({ ...defaults, ...options }, (app) => {
    app.install(WebSockets)
    app.routing((route) => {
      route.webSocket('/echo', async ({ incoming, send }) => {
        for await (const frame of incoming) await send(frame)
      })
    })
    module(app)
  }).start()
}
