/**
 * The plugin of Fastify.
 *
 * A WebSocket is a route of Fastify and a route of an application. When an upgrade comes, an
 * interceptor passes the request through Fastify's router with a response that writes nothing. If
 * the hooks let it reach the handler of the route, the upgrade goes on. Any other reply refuses it.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage } from 'node:http'

import {
  type ApplicationCall,
  createApplication,
  type DefaultWebSocketServerSession,
  type Interceptor,
  type StopOptions,
  WebSockets,
  type WebSocketsOptions,
} from '../../application/index.ts'
import {
  isHandshakeHeader,
  needingEngineRequest,
  ROUTE_OPTION_NAMES,
} from '../../application/internal.ts'
import { AttributeKey } from '../../base/index.ts'
import { requireFunction } from '../../base/internal.ts'
import { attach, nodeRequest } from '../../engines/node/index.ts'
import { createSilentResponse } from '../../engines/node/internal.ts'
import { injectInto } from './inject.ts'
import type {
  FastifyLike,
  FastifyReplyLike,
  FastifyRequestLike,
  FastifyRoute,
  FastifyServer,
} from './fastify-types.ts'

/** The options of the plugin. */
export interface TowpathFastifyOptions {
  /** The options of `WebSockets`. @defaultValue those of `WebSockets` */
  readonly webSockets?: WebSocketsOptions
  /** How sessions are closed by `fastify.close()`. @defaultValue as `Application.stop` */
  readonly stop?: StopOptions
}

/**
 * Adds `webSocket`, `injectWebSocket` and `webSocketApplication` to `fastify`, for all of its
 * plugins.
 *
 * `fastify.close()` closes the sessions with 1001 before the server stops to listen; upgrades that
 * arrive meanwhile get 503.
 *
 * @throws {TypeError | RangeError} (by rejecting) for options that are not known or mean nothing.
 *
 * @example
 * <!-- prelude
 * import { towpath } from 'towpath/fastify'
 * import type { TowpathFastify } from 'towpath/fastify'
 * declare const fastify: TowpathFastify & { register(plugin: typeof towpath): Promise<void> }
 * -->
 * ```ts
 * await fastify.register(towpath)
 * fastify.webSocket('/rooms/:room', async ({ call, send }) => {
 *   await send(`this is ${call.parameters.room}`)
 * })
 * ```
 */
// oxlint-disable-next-line typescript/require-await -- Fastify awaits a plugin without `done`
export async function towpath(
  fastify: FastifyLike,
  { webSockets = {}, stop }: TowpathFastifyOptions = {},
): Promise<void> {
  const application = createApplication()
  application.install(WebSockets, webSockets)
  const throughFastify = interceptorOf(fastify)
  application.routing((route) => route.intercept(throughFastify))

  // Fastify over HTTP/2 has a server of node:http2, which `attach` accepts too.
  const attachment = attach(application, fastify.server as FastifyServer)
  fastify.addHook('preClose', async () => void (await attachment.stop(stop)))
  fastify.decorate('webSocketApplication', application)
  fastify.decorate('webSocket', declare)
  fastify.decorate('injectWebSocket', injectInto(fastify))

  function declare(
    this: FastifyLike,
    path: string,
    ...rest: [handler: Handler] | [options: Readonly<Record<string, unknown>>, handler: Handler]
  ): FastifyLike {
    const [options, handler] = rest.length === 1 ? [{}, ...rest] : rest
    requireFunction('declare a WebSocket', 'the handler', handler)
    const [ours, theirs] = divide(options)
    const full = `${this.prefix}${path}`
    application.routing((route) => {
      route.webSocket(full, ours, async (session) => {
        const { request, inContext } = session.call.attributes.get(REACHED)
        await inContext(() => handler(session, request))
      })
    })
    const route: FastifyRoute = { method: 'GET', url: path, exposeHeadRoute: false, handler: agree }
    this.route({ ...theirs, ...route })
    return this
  }
}

// Fastify reads these: decorators and hooks of the plugin belong to the instance that registers it.
Object.assign(towpath, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'towpath',
  [Symbol.for('plugin-meta')]: { name: 'towpath', fastify: '5.x' },
})

/** A handler of a WebSocket, untyped. */
type Handler = (session: DefaultWebSocketServerSession, request: FastifyRequestLike) => unknown

/** What the handler of Fastify's route has been given. */
interface Reached {
  readonly request: FastifyRequestLike
  /** Runs a function in the asynchronous context of the hooks. */
  readonly inContext: <Result>(task: () => Result) => Result
}

const REACHED = new AttributeKey<Reached>('towpath.fastify.request')

/** Upgrades that pass through Fastify. `reached` is set when all hooks agree. */
const UPGRADES = new WeakMap<IncomingMessage, { reached: Reached | null }>()

function interceptorOf(fastify: FastifyLike): Interceptor {
  return needingEngineRequest(async (call: ApplicationCall) => {
    const raw = nodeRequest(call)
    const upgrade: { reached: Reached | null } = { reached: null }
    UPGRADES.set(raw, upgrade)
    const silent = createSilentResponse(raw)
    fastify.routing(raw, silent.response)
    await silent.ended
    UPGRADES.delete(raw)
    if (upgrade.reached === null) return silent.toResponse()

    call.attributes.put(REACHED, upgrade.reached)
    for (const [name, value] of silent.headers()) {
      if (isHandshakeHeader(name) || name === 'content-type') continue
      call.response.headers.append(name, value)
    }
    return undefined
  })
}

/** The handler of every WebSocket in Fastify: all hooks before it have let the request through. */
function agree(request: FastifyRequestLike, reply: FastifyReplyLike): FastifyReplyLike {
  const upgrade = UPGRADES.get(request.raw)
  if (upgrade === undefined) {
    const what = 'Cannot answer: this path is a WebSocket, expected a request to upgrade\n'
    // HTTP/2 has no `Upgrade`, which 426 must have (RFC 9110 §15.5.22).
    if (request.raw.httpVersionMajor > 1) return reply.code(400).send(what)
    return reply.code(426).header('upgrade', 'websocket').header('connection', 'Upgrade').send(what)
  }
  upgrade.reached = { request, inContext: AsyncLocalStorage.snapshot() }
  return reply.code(101).send()
}

/** The options of a WebSocket route, and those of Fastify. */
function divide(
  options: Readonly<Record<string, unknown>>,
): readonly [ours: Record<string, unknown>, theirs: Record<string, unknown>] {
  const ours: Record<string, unknown> = {}
  const theirs: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (ROUTE_OPTION_NAMES.includes(name)) ours[name] = value
    else theirs[name] = value
  }
  return [ours, theirs]
}
