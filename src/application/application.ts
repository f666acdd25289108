/**
 * The application and its parts: plugins, routes, interceptors, calls, sessions and events.
 *
 * These interfaces refer to one another in a circle: an application has routes, a route has
 * handlers, a handler receives a session, and a session has its application. They stand in one file
 * because imports must not form circles. Each interface is implemented in its own file.
 */

import type { Attributes, WaitingClock } from '../base/index.ts'
import type { Environment } from '../base/internal.ts'
import type { Extension } from '../extensions/index.ts'
import type {
  CloseInfo,
  DefaultWebSocketSession,
  SessionLimitName,
  SessionOptions,
  WebSocketSession,
} from '../session/index.ts'
import type { UpgradeOutcome, UpgradeRefused, UpgradeRequest } from './engine.ts'
import type { Logger } from './logger.ts'
import type { Monitor } from './monitor.ts'
import type { AnyParameters, JoinPaths, PathParameters } from './routing/path-parameters.ts'
import type { RefusalReason } from './upgrades/refusal-reason.ts'
import type { ApplicationRequest, OriginResolver } from './calls/request.ts'
import type { ApplicationStatistics } from './statistics.ts'
import type { ApplicationState, StopCounts, StopOptions } from './stop-options.ts'

/**
 * The kernel for WebSockets: plugins, routes and running sessions. Made by `createApplication` or
 * `embeddedServer`. Engines pass requests to it.
 *
 * Ktor: `Application`.
 */
export interface Application {
  /** Events of sessions and upgrades. */
  readonly monitor: Monitor<ApplicationEvents>

  /** Receives each failure of the application's own code once. The console by default. */
  readonly logger: Logger

  /**
   * The application's clock, for work that belongs to no session: `now()`, `delay()` and
   * `setTimer()`. It is real time in production. In `withTestApplication` it is the test's virtual
   * clock.
   */
  readonly clock: WaitingClock

  /** Typed values that belong to the application, for plugins and handlers. */
  readonly attributes: Attributes

  /** `running` until `stop()` is called. See `readiness`. */
  readonly state: ApplicationState

  /** The running sessions, in the order in which they began. */
  readonly sessions: Sessions

  /** Returns the counters since the application was made: a fresh copy. Visits every session. */
  statistics(): ApplicationStatistics

  /**
   * Installs `plugin`. A plugin can be installed once.
   *
   * @returns the plugin's instance; `plugin(plugin)` returns the same instance later.
   * @throws {DuplicatePluginError} if a plugin with the same name is installed.
   * @throws {TypeError | RangeError} for an unknown or invalid option.
   *
   * @example
   * app.install(WebSockets, { pingPeriod: seconds(60) })
   */
  install<Options extends object, Instance>(
    plugin: Plugin<Options, Instance>,
    ...options: object extends Options ? [options?: NoInfer<Options>] : [options: NoInfer<Options>]
  ): Instance

  /**
   * Returns the instance of an installed plugin.
   *
   * @throws {PluginMissingError} if `plugin` is not installed.
   */
  plugin<Options extends object, Instance>(plugin: Plugin<Options, Instance>): Instance

  /**
   * Declares routes. May be called several times, also while the application serves. All blocks
   * share one root: an interceptor at the root applies to the routes of every block.
   *
   * @throws {PluginMissingError | RouteConflictError | TypeError} if a declaration in `block` is
   *   invalid.
   */
  routing(block: (route: Route<''>) => void): void

  /**
   * Adds a function that determines where requests come from, for plugins that trust the headers of
   * a proxy. Resolvers run in the order in which they were added.
   */
  resolveOrigin(resolver: OriginResolver): void

  /**
   * Decides one upgrade request; for engines. Never throws or rejects.
   *
   * @param environment the clock, timers and randomness for the session.
   * @param signal aborts when the client leaves; the outcome is then ignored. A function is called
   *   at most once, and only if the decision is asynchronous, because watching a socket costs more
   *   than most decisions.
   * @returns the outcome, or a promise if the application's code is asynchronous.
   */
  upgrade(
    request: UpgradeRequest,
    environment: Environment,
    signal: AbortSignal | (() => AbortSignal),
  ): Promise<UpgradeOutcome> | UpgradeOutcome

  /**
   * Returns the answer to a request for `target` that does not ask for an upgrade, if a route has
   * that path: 426 (RFC 9110 §15.5.22), or 400 over HTTP/2, which cannot say `Upgrade`. Otherwise
   * `null`. For engines.
   *
   * @param bootstrap see `UpgradeRequest.bootstrap`.
   */
  answerPlainRequest(target: string, bootstrap?: 'upgrade' | 'connect'): UpgradeRefused | null

  /**
   * Ends the application's sessions. With `lead`, the application first goes on for that time with
   * the state `leaving`. Then upgrades are refused with 503. Sessions are closed with 1001, in
   * batches over `grace`. Their handlers are awaited until `timeout`; sessions that remain are
   * dropped.
   *
   * Resolves when every session has ended and the listeners of `stopped` have settled; never
   * rejects. Idempotent: later calls return the first promise, and their options are ignored.
   */
  stop(options?: StopOptions): Promise<StopCounts>
}

/** The running sessions of an application. */
export interface Sessions extends Iterable<WebSocketServerSession> {
  /** Number of running sessions, including those that are closing. */
  readonly size: number
}

/**
 * A plugin, made by `definePlugin` and installed with `app.install`.
 *
 * @typeParam Options the options that `install` takes.
 * @typeParam Instance what `install` returns.
 */
export interface Plugin<Options extends object, Instance> {
  /** Unique in an application: the name of the exported constant, for error messages. */
  readonly name: string
  /**
   * The names of all options: `app.install` then refuses unknown options. `null`: the plugin checks
   * its options.
   */
  readonly optionNames: readonly string[] | null
  readonly install: (app: Application, options: Options) => Instance
}

/**
 * A path prefix, below which routes, interceptors and options are declared.
 *
 * @typeParam Prefix the prefix; `''` at the root.
 */
export interface Route<Prefix extends string = string> {
  /** The full path prefix; `/` at the root. */
  readonly path: string

  /**
   * Declares a WebSocket route at `path` below this prefix. The handler runs once for each
   * connection and receives whole messages. The session answers pings and Close frames. The
   * connection lives as long as the handler runs: when the handler returns, the session is closed
   * with 1000; when it throws, with 1011.
   *
   * `path` begins with `/`. `:name` captures one segment, `:name?` an optional one, `**:name` the
   * rest of the path. `call.parameters` has the captures, percent-decoded.
   *
   * @returns the route, to which interceptors can be added.
   * @throws {PluginMissingError} if `WebSockets` is not installed.
   * @throws {RouteConflictError} if another route matches the same paths.
   * @throws {TypeError | RangeError} for an invalid path, option or handler.
   *
   * @example
   * route.webSocket('/rooms/:room', async ({ call, incoming, send }) => {
   *   for await (const frame of incoming) await send(frame)
   * })
   */
  webSocket<const Path extends string>(
    path: Path,
    handler: WebSocketHandler<PathParameters<JoinPaths<Prefix, Path>>>,
  ): Route<JoinPaths<Prefix, Path>>
  webSocket<const Path extends string>(
    path: Path,
    options: WebSocketRouteOptions,
    handler: WebSocketHandler<PathParameters<JoinPaths<Prefix, Path>>>,
  ): Route<JoinPaths<Prefix, Path>>

  /**
   * Declares a route whose handler receives every frame and every fragment. The session does not
   * answer pings, nor the peer's Close frame. When the handler returns, queued frames are sent and
   * the connection is dropped.
   */
  webSocketRaw<const Path extends string>(
    path: Path,
    handler: WebSocketRawHandler<PathParameters<JoinPaths<Prefix, Path>>>,
  ): Route<JoinPaths<Prefix, Path>>
  webSocketRaw<const Path extends string>(
    path: Path,
    options: WebSocketRouteOptions,
    handler: WebSocketRawHandler<PathParameters<JoinPaths<Prefix, Path>>>,
  ): Route<JoinPaths<Prefix, Path>>

  /**
   * Declares a group of routes below this prefix, with its own interceptors and options. They apply
   * only to what `block` declares, even if another call names the same path.
   *
   * @returns the group.
   */
  route<const Path extends string>(
    path: Path,
    block: (route: Route<JoinPaths<Prefix, Path>>) => void,
  ): Route<JoinPaths<Prefix, Path>>
  route<const Path extends string>(
    path: Path,
    options: WebSocketRouteOptions,
    block: (route: Route<JoinPaths<Prefix, Path>>) => void,
  ): Route<JoinPaths<Prefix, Path>>

  /**
   * Adds an interceptor to every upgrade at this path and below, including routes that are declared
   * earlier. Outer interceptors run first. Interceptors of one path run in the order in which they
   * were added.
   */
  intercept(
    interceptor: Interceptor<PathParameters<Prefix extends '' ? string : Prefix> & AnyParameters>,
  ): void
}

/** The handler of `webSocket`, called once for each connection. */
export type WebSocketHandler<Parameters = AnyParameters> = (
  session: DefaultWebSocketServerSession<Parameters>,
) => Promise<void> | void

/** The handler of `webSocketRaw`, called once for each connection. */
export type WebSocketRawHandler<Parameters = AnyParameters> = (
  session: WebSocketServerSession<Parameters>,
) => Promise<void> | void

/**
 * Decides whether a request is upgraded.
 *
 * Returning a `Response` refuses the upgrade with its status, headers and body. Returning nothing
 * accepts it, and the 101 gets the headers of `call.response.headers`. An error is logged and
 * answered with 500.
 *
 * `next()` runs the inner interceptors. Calling it is optional: they run after this function
 * otherwise. It resolves with the refusal of an inner interceptor, or with `undefined`. A context
 * around the call, as in `storage.run(value, next)`, also surrounds the handler. All interceptors
 * have settled before the 101 is sent. `call.signal` aborts when `handshakeTimeout` passes, the
 * client leaves, or the upgrade is refused.
 */
export type Interceptor<Parameters = AnyParameters> = (
  call: ApplicationCall<Parameters>,
  next: () => Promise<Response | undefined>,
) => Promise<Response | undefined | void> | Response | undefined | void

/**
 * The options of a route or a group. They override the options of outer groups and of the plugin.
 */
export interface WebSocketRouteOptions extends SessionOptions {
  /**
   * Origins that may connect. @defaultValue the plugin's rule, which is `'same-origin'` by default
   */
  readonly origins?: OriginRule

  /**
   * The subprotocols of the route, in order of preference, or a function that chooses one. The
   * first that the client offered is chosen. If none matches, the session has no subprotocol. RFC
   * 6455 §1.9, §4.2.2.
   *
   * @defaultValue none
   */
  readonly protocols?: readonly string[] | SubprotocolChooser

  /**
   * Extensions that may change messages, such as `permessageDeflate()`; `[]` for none. See
   * `WebSocketsOptions.extensions`.
   *
   * @defaultValue the plugin's extensions
   */
  readonly extensions?: readonly Extension[]

  /** Whether an upgrade without a common subprotocol is refused with 400. @defaultValue false */
  readonly requireProtocol?: boolean
}

/**
 * Origins allowed in addition to the request's own. Requests without `Origin` (clients other than
 * browsers) are always allowed. One of:
 *
 * - `'same-origin'`: no other origin;
 * - `'any'`: every origin;
 * - a list of origins such as `https://app.example.com`, compared by scheme, host and port;
 * - a function, called for every other origin. Only `true` allows the origin.
 *
 * RFC 6455 §10.2.
 */
export type OriginRule =
  | 'same-origin'
  | 'any'
  | readonly string[]
  | ((origin: string, call: ApplicationCall) => boolean | Promise<boolean>)

/**
 * Chooses one of `offered` (in the client's order, never empty), or `null` for none. If the
 * function throws, or returns a name that was not offered, the error is logged and answered with
 * 500.
 */
export type SubprotocolChooser = (
  offered: readonly string[],
  call: ApplicationCall,
) => string | null | Promise<string | null>

/**
 * One upgrade request, from the interceptors to the end of its session.
 *
 * Ktor: `ApplicationCall`.
 */
export interface ApplicationCall<Parameters = AnyParameters> {
  readonly application: Application
  readonly request: ApplicationRequest

  /** Headers for the answer, whether it is the 101 or a refusal. */
  readonly response: ApplicationResponse

  /** The captures of the path, percent-decoded once. */
  readonly parameters: Parameters

  /** Typed values that belong to this call. Interceptors store values here for the handler. */
  readonly attributes: Attributes

  /**
   * Aborts when the call is over: the session has ended, the upgrade was refused or took too long
   * (`HandshakeTimeoutError`), or the client left before the session.
   */
  readonly signal: AbortSignal
}

/** The part of the answer that interceptors can change. */
export interface ApplicationResponse {
  /**
   * Headers for the answer; `append` adds a second `set-cookie`. Headers of the handshake
   * (`connection`, `upgrade`, `sec-websocket-…`) and of a body make the upgrade fail with 500.
   */
  readonly headers: Headers
}

/** A session with the call that it came from. */
export interface WebSocketServerSession<Parameters = AnyParameters> extends WebSocketSession {
  /** The request that was upgraded. */
  readonly call: ApplicationCall<Parameters>
  /** The application that the session belongs to. */
  readonly application: Application
  /** The declared path of the route, such as `/rooms/:room`: one value for all of its sessions. */
  readonly route: string
}

/** A session that answers pings and Close frames, with the call that it came from. */
export interface DefaultWebSocketServerSession<Parameters = AnyParameters>
  extends DefaultWebSocketSession, WebSocketServerSession<Parameters> {}

/** The events of `monitor`. */
export interface ApplicationEvents {
  /** A session has begun; its handler runs next. */
  readonly sessionOpened: { readonly session: WebSocketServerSession }

  /** A session has ended. */
  readonly sessionClosed: { readonly session: WebSocketServerSession; readonly info: CloseInfo }

  /** An upgrade request for a route was refused. */
  readonly upgradeRefused: {
    readonly request: ApplicationRequest
    /** The declared path of the route. */
    readonly route: string
    readonly status: number
    readonly reason: RefusalReason
    /** The error behind the refusal; `null` if there is none. */
    readonly cause: unknown
  }

  /**
   * A handler, or a task that it launched, failed: at most once for each session. The logger
   * receives it too.
   */
  readonly handlerFailed: { readonly session: WebSocketServerSession; readonly error: unknown }

  /**
   * A handler returned while one of its tasks was still reading `incoming`. The session ends with
   * 1000. Usually an `await` is missing: `incoming.consumeEach(…)` alone does not keep a handler
   * running. The logger receives it too, at level `debug`.
   */
  readonly readingAbandoned: { readonly session: WebSocketServerSession }

  /**
   * A limit ended a session: once for each session, and possibly again as `closeTimeout`. Limits on
   * upgrades are reported by `upgradeRefused`, with a typed `cause`.
   */
  readonly limitReached: {
    readonly session: WebSocketServerSession
    /** The name of the option that sets the limit. */
    readonly limit: SessionLimitName
    readonly error: Error
  }

  /**
   * A full channel dropped a frame, or replaced it with a newer one, as its overflow policy says.
   */
  readonly frameDropped: {
    readonly session: WebSocketServerSession
    readonly direction: 'incoming' | 'outgoing'
    /** Size of the frame's payload. */
    readonly bytes: number
  }

  /** The application has begun to stop. */
  readonly stopping: { readonly sessions: number }

  /**
   * All sessions have ended. `stop()` awaits the promises of the listeners until `timeout`, and for
   * at least 3 seconds. Close resources of handlers here, such as a database pool.
   */
  readonly stopped: StopCounts
}
