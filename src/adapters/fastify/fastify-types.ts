/**
 * What is used of Fastify, in its shape, and what is added to it. The package does not depend on
 * Fastify, so its own types are not imported.
 */

import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'

import type {
  Application,
  DefaultWebSocketServerSession,
  PathParameters,
  WebSocketRouteOptions,
} from '../../application/index.ts'

/** What is used of `FastifyInstance`. */
export interface FastifyLike {
  readonly server: object
  readonly prefix: string
  decorate(name: string, value: unknown): unknown
  addHook(name: 'preClose', hook: () => Promise<void>): unknown
  route(options: FastifyRoute): unknown
  routing(request: IncomingMessage, response: ServerResponse): void
}

/** What is used of `RouteOptions`. */
export interface FastifyRoute {
  readonly method: 'GET'
  readonly url: string
  readonly exposeHeadRoute: boolean
  readonly handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => unknown
}

/** What is used of `FastifyRequest`. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage
}

/** What is used of `FastifyReply`. */
export interface FastifyReplyLike {
  code(status: number): FastifyReplyLike
  header(name: string, value: string): FastifyReplyLike
  send(body?: unknown): FastifyReplyLike
}

/** The server of a Fastify instance over HTTP/1.1. */
export type FastifyServer = HttpServer | HttpsServer

/**
 * What the plugin adds to an instance of Fastify. Say so to TypeScript once:
 *
 * ```
 * declare module 'fastify' {
 *   interface FastifyInstance extends TowpathFastify<FastifyRequest> {}
 * }
 * ```
 *
 * @typeParam Request `FastifyRequest`.
 */
export interface TowpathFastify<Request = FastifyRequestLike> {
  /**
   * Declares a WebSocket at `path` below the prefix of this instance. All hooks of the instance run
   * before the handshake, once. A reply that a hook sends refuses the upgrade. Headers and cookies
   * of the reply go out with the 101.
   *
   * @param options those of a Fastify route (`preHandler`, `schema`, `config`, …) and those of a
   *   WebSocket route.
   * @param handler as that of `route.webSocket`; `request` has what hooks and decorators have put
   *   on it. Its socket must not be written to.
   * @returns the instance.
   */
  webSocket<const Path extends string>(
    path: Path,
    options: WebSocketRouteOptions & Readonly<Record<string, unknown>>,
    handler: (
      session: DefaultWebSocketServerSession<PathParameters<Path>>,
      request: Request,
    ) => Promise<void> | void,
  ): this

  /** The application behind the routes: its sessions, its events, its statistics. */
  readonly webSocketApplication: Application
}
