/**
 * The Hono handler that stands for a WebSocket.
 *
 * `attachHono` passes an upgrade request through Hono. If the middleware lets it reach this
 * handler, the handler notes its context, and the upgrade goes on.
 */

import { AsyncLocalStorage } from 'node:async_hooks'

import type {
  DefaultWebSocketServerSession,
  WebSocketRouteOptions,
} from '../../application/index.ts'
import { requireFunction } from '../../base/internal.ts'
import type { HonoContextLike } from './hono-types.ts'

/** What is known of a handler that `webSocket` returned. */
export interface WebSocketTag {
  readonly options: WebSocketRouteOptions
}

/** An upgrade on its way through Hono. */
export interface HonoUpgrade {
  /** Runs the handler that Hono has chosen; `null` until Hono has reached one. */
  run: ((session: DefaultWebSocketServerSession) => Promise<void> | void) | null
}

const TAGS = new WeakMap<object, WebSocketTag>()

/** By the request that Hono is given. */
const UPGRADES = new WeakMap<Request, HonoUpgrade>()

/** The property under which Hono keeps a handler that it has wrapped for `app.route`. */
const COMPOSED_HANDLER = '__COMPOSED_HANDLER'

/** What a page gets that asks for a WebSocket without an upgrade. */
const SENTENCE = 'Cannot answer: this path is a WebSocket, expected a request to upgrade\n'

/**
 * Returns a Hono handler for a WebSocket. Middleware in front of it decides about the upgrade:
 *
 * - A response that it returns, or an `HTTPException`, refuses the upgrade.
 * - Headers of the response, cookies too, go out with the 101.
 * - Variables (`c.set`) and the asynchronous context of middleware are there for `handler`.
 *
 * The handler runs for upgrades on the server that `attachHono` was given. A plain request gets
 * 426.
 *
 * @param handler as that of `route.webSocket`, with Hono's context.
 * @typeParam Context `Context<Env>` of Hono.
 * @throws {TypeError} if `handler` is not a function.
 *
 * @example
 * <!-- prelude
 * import { type HonoContextLike, webSocket } from 'towpath/hono'
 * declare const app: {
 *   get(path: string, handler: (c: HonoContextLike) => Response): void
 * }
 * -->
 * ```ts
 * app.get('/rooms/:room', webSocket(async ({ incoming, send }) => {
 *   for await (const frame of incoming) await send(frame)
 * }))
 * ```
 */
export function webSocket<Context extends HonoContextLike>(
  handler: (session: DefaultWebSocketServerSession, c: Context) => Promise<void> | void,
  options: WebSocketRouteOptions = {},
): (c: Context) => Response {
  requireFunction('make a WebSocket', 'the handler', handler)
  const tagged = (c: Context): Response => {
    const upgrade = UPGRADES.get(c.req.raw)
    if (upgrade === undefined) {
      return new Response(SENTENCE, {
        status: 426,
        headers: { upgrade: 'websocket', connection: 'Upgrade' },
      })
    }
    const inContext = AsyncLocalStorage.snapshot()
    upgrade.run = (session) => inContext(handler, session, c)
    return c.body(null)
  }
  TAGS.set(tagged, { options })
  return tagged
}

/** What `webSocket` has made; `null` for any other handler of Hono. */
export function tagOf(handler: object): WebSocketTag | null {
  const composed: unknown = Reflect.get(handler, COMPOSED_HANDLER)
  if (typeof composed === 'function') return tagOf(composed)
  return TAGS.get(handler) ?? null
}

/** Calls `run` with a request that reaches tagged handlers as an upgrade. */
export async function asUpgrade(
  request: Request,
  run: () => Response | Promise<Response>,
): Promise<readonly [HonoUpgrade, Response]> {
  const upgrade: HonoUpgrade = { run: null }
  UPGRADES.set(request, upgrade)
  try {
    return [upgrade, await run()]
  } finally {
    UPGRADES.delete(request)
  }
}
