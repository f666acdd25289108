/**
 * The WebSockets of a Hono application on a server of Node.
 *
 * Each `webSocket()` handler of Hono is a route of an application too, so that the server knows
 * which upgrades are Hono's. An interceptor passes the upgrade request through Hono.
 */

import type { Server as HttpServer } from 'node:http'
import type { Http2SecureServer, Http2Server } from 'node:http2'
import type { Server as HttpsServer } from 'node:https'

import {
  type Application,
  type ApplicationCall,
  createApplication,
  type DefaultWebSocketServerSession,
  type Interceptor,
  type Route,
  WebSockets,
  type WebSocketsOptions,
} from '../../application/index.ts'
import { isHandshakeHeader, needingEngineRequest } from '../../application/internal.ts'
import { AttributeKey } from '../../base/index.ts'
import {
  attach,
  type Attachment,
  type AttachOptions,
  nodeRequest,
} from '../../engines/node/index.ts'
import type { HonoLike, HonoRoute } from './hono-types.ts'
import { asUpgrade, type HonoUpgrade, tagOf } from './web-socket.ts'

/** The options of `attachHono`: those of `attach`, and those of the plugin `WebSockets`. */
export interface AttachHonoOptions extends AttachOptions {
  /** The options of `WebSockets`. @defaultValue those of `WebSockets` */
  readonly webSockets?: WebSocketsOptions
}

/** The place of a Hono application in a server. */
export interface HonoAttachment extends Attachment {
  /** The application behind the routes: its sessions, its events, its statistics. */
  readonly application: Application
}

/**
 * Lets `app` answer the WebSocket upgrades of `server` for which it has `webSocket()` handlers.
 *
 * Plain requests reach Hono as before. May be called before or after the routes are declared.
 * `c.env.incoming` is Node's request, as with `serve` of `@hono/node-server`.
 *
 * @param server what `serve` of `@hono/node-server` returns.
 * @throws {TypeError | RangeError} for options that are unknown or invalid, and for what `attach`
 *   refuses.
 *
 * @example
 * <!-- prelude
 * import type { Server } from 'node:http'
 * import { attachHono, type HonoLike } from 'towpath/hono'
 * declare const app: HonoLike
 * declare function serve(app: HonoLike): Server
 * -->
 * ```ts
 * const server = serve(app)
 * const webSockets = attachHono(app, server)
 * process.once('SIGTERM', async () => {
 *   await webSockets.stop()
 *   server.close()
 * })
 * ```
 */
export function attachHono(
  app: HonoLike,
  server: HttpServer | HttpsServer | Http2SecureServer | Http2Server,
  options: AttachHonoOptions = {},
): HonoAttachment {
  const { webSockets = {}, ...ofAttach } = options
  const application = createApplication()
  application.install(WebSockets, webSockets)
  const routes = new HonoRoutes(app, application)
  routes.declareNew()

  const attachment = attach(application, server, {
    ...ofAttach,
    ignore: (request) => {
      // Hono takes routes until its first request, which may come after this attachment.
      routes.declareNew()
      return ofAttach.ignore?.(request) ?? false
    },
  })
  return Object.assign(attachment, { application })
}

const UPGRADE = new AttributeKey<HonoUpgrade>('towpath.hono.upgrade')

/** The WebSockets of Hono as routes of an application. */
class HonoRoutes {
  readonly #app: HonoLike
  readonly #application: Application
  /** How many routes of Hono have been looked at. */
  #seen = 0

  constructor(app: HonoLike, application: Application) {
    this.#app = app
    this.#application = application
    const throughHono = interceptorOf(app)
    application.routing((route) => route.intercept(throughHono))
  }

  /** Declares the routes that Hono has been given since the last call. */
  declareNew(): void {
    const { routes } = this.#app
    if (routes.length === this.#seen) return
    const added = routes.slice(this.#seen)
    this.#seen = routes.length
    this.#application.routing((route) => {
      for (const each of added) declare(route, each)
    })
  }
}

function declare(route: Route<''>, { method, path, handler }: HonoRoute): void {
  const tag = tagOf(handler)
  if (tag === null || (method !== 'GET' && method !== 'ALL')) return
  for (const pattern of patternsOf(path)) route.webSocket(pattern, tag.options, run)
}

async function run(session: DefaultWebSocketServerSession): Promise<void> {
  await session.call.attributes.get(UPGRADE).run?.(session)
}

/**
 * Translates a path of Hono into paths of Towpath. They may match more requests than Hono's path,
 * because Hono's own router decides in the end. `:id{[0-9]+}` becomes `:id`. A star in the middle
 * matches one segment, and a star at the end matches everything below.
 */
function patternsOf(path: string): readonly string[] {
  const pattern = path
    .replace(/\{(?:[^{}]|\{[^{}]*\})*\}/g, '')
    .split('/')
    .map((segment, index, all) =>
      segment === '*' && index < all.length - 1 ? `:_${index}` : segment,
    )
    .join('/')
  if (!pattern.endsWith('/*')) return [pattern]
  const above = pattern.slice(0, -2)
  return [above === '' ? '/' : above, `${above}/**:_rest`]
}

function interceptorOf(app: HonoLike): Interceptor {
  return needingEngineRequest(async (call: ApplicationCall) => {
    const request = requestOf(call)
    const env = { incoming: nodeRequest(call) }
    const [upgrade, response] = await asUpgrade(request, () => app.fetch(request, env))
    if (upgrade.run === null || !response.ok) return response

    call.attributes.put(UPGRADE, upgrade)
    for (const [name, value] of response.headers) {
      if (isHandshakeHeader(name) || name === 'content-type') continue
      call.response.headers.append(name, value)
    }
    return undefined
  })
}

/** The upgrade request as Hono takes it. */
function requestOf({ request }: ApplicationCall): Request {
  const { scheme, host, port } = request.origin
  const authority = host.includes(':') ? `[${host}]` : host
  const url = new URL(request.uri, `${scheme}://${authority}:${port}`)
  const headers = new Headers()
  for (const [name, value] of request.headers) headers.append(name, value)
  return new Request(url, { headers })
}
