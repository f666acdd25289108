/**
 * What is used of Fastify, in its shape, and what is added to it. The package does not depend on
 * Fastify, so its own types are not imported.
 */

import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'

import type {
  Application,
  DefaultWebSocketServerSession,
  PathParameters,
  WebSocketRouteOptions,
} from '../../application/index.ts'
import type { WebSocketClientSession } from '../../client/index.ts'
import type { NodeClientOptions } from '../../engines/node/index.ts'

/** What is used of `FastifyInstance`. */
export interface FastifyLike {
  readonly server: object
  readonly prefix: string
  decorate(name: string, value: unknown): unknown
  addHook(name: 'preClose', hook: () => Promise<void>): unknown
  // Fastify's own parameters depend on the type of its server, which may be one of HTTP/2.
  // oxlint-disable-next-line typescript/no-explicit-any -- a `FastifyRoute`
  route(options: any): unknown
  // oxlint-disable-next-line typescript/no-explicit-any -- an IncomingMessage and a ServerResponse
  routing(request: any, response: any): void
  ready(): PromiseLike<unknown>
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

/** The options of `injectWebSocket`. */
export type InjectWebSocketOptions = Omit<NodeClientOptions, 'agent' | 'socketPath' | 'tls'>

/** The server of a Fastify instance over HTTP/1.1. */
export type FastifyServer = HttpServer | HttpsServer

/** The handler of a WebSocket: that of `route.webSocket`, with the request of Fastify. */
export type FastifyWebSocketHandler<Path extends string, Request> = (
  session: DefaultWebSocketServerSession<PathParameters<Path>>,
  request: Request,
) => Promise<void> | void

/**
 * What the plugin adds to an instance of Fastify. Say so to TypeScript once:
 *
 * ```
 * declare module 'fastify' {
 *   interface FastifyInstance extends TowpathFastify<FastifyRequest, RouteShorthandOptions> {}
 * }
 * ```
 *
 * @typeParam Request `FastifyRequest`.
 * @typeParam Options `RouteShorthandOptions`: TypeScript then checks the options of a route.
 */
export interface TowpathFastify<
  Request = FastifyRequestLike,
  Options extends object = Readonly<Record<string, unknown>>,
> {
  /**
   * Declares a WebSocket at `path` below the prefix of this instance. All hooks of the instance run
   * before the handshake, once. A reply that a hook sends refuses the upgrade. Headers and cookies
   * of the reply go out with the 101.
   *
   * @param handler as that of `route.webSocket`; `request` has what hooks and decorators have put
   *   on it. Its socket must not be written to.
   * @returns the instance.
   */
  webSocket<const Path extends string>(
    path: Path,
    handler: FastifyWebSocketHandler<Path, Request>,
  ): this

  /**
   * Declares a WebSocket with options.
   *
   * @param options those of a Fastify route (`preHandler`, `schema`, `config`, …) and those of a
   *   WebSocket route.
   */
  webSocket<const Path extends string>(
    path: Path,
    options: WebSocketRouteOptions & Options,
    handler: FastifyWebSocketHandler<Path, Request>,
  ): this

  /**
   * Opens a WebSocket in memory, for tests: hooks and handler run, and the server need not listen.
   * The session is one of `towpath/client`, in real time.
   * Rejects with `ConnectError` for an instance with the option `http2`.
   *
   * @param path as a client sends it, with its query.
   * @param options those of `openWebSocket`: headers, subprotocols, limits.
   * @throws (by rejecting) what `openWebSocket` throws: {UpgradeRefusedError} for a refusal.
   */
  injectWebSocket(path: string, options?: InjectWebSocketOptions): Promise<WebSocketClientSession>

  /** The application behind the routes: its sessions, its events, its statistics. */
  readonly webSocketApplication: Application
}
