/**
 * The application and what it deals in: plugins, routes, interceptors, calls, sessions, events.
 *
 * These interfaces name one another in a circle (an application has routes, a route has handlers, a handler is
 * given a session, a session has its application), so they stand together; each is implemented in a file of
 * its own.
 */

import type { Attributes, Duration, WaitingClock } from '../base/index.ts'
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

/**
 * A kernel for WebSockets: plugins, routes and the sessions that run. Made by `createApplication` or
 * `embeddedServer`; engines bring it the requests.
 *
 * Ktor: `Application`.
 */
export interface Application {
  /** Events of sessions and upgrades. */
  readonly monitor: Monitor<ApplicationEvents>

  /** Where failures of the application's own code are written, each once. The console by default. */
  readonly logger: Logger

  /**
   * The application's time, for what is not one session's: `now()`, `delay()` and `setTimer()`. It is real
   * time in production and the test's own, which stands still until moved, in `withTestApplication`.
   */
  readonly clock: WaitingClock

  /** Typed values that belong to the application, for plugins and handlers. */
  readonly attributes: Attributes

  /** The sessions that are running, in the order in which they began. */
  readonly sessions: Sessions

  /** What has been counted since the application was made: a fresh copy, which costs a look at each session. */
  statistics(): ApplicationStatistics

  /**
   * Installs `plugin`, once.
   *
   * @returns what the plugin gives; `plugin(plugin)` answers the same later.
   * @throws {DuplicatePluginError} if a plugin of that name is installed.
   * @throws {TypeError | RangeError} for options that the plugin does not know or that mean nothing.
   *
   * @example
   * app.install(WebSockets, { pingPeriod: seconds(60) })
   */
  install<Options extends object, Instance>(
    plugin: Plugin<Options, Instance>,
    ...options: object extends Options ? [options?: NoInfer<Options>] : [options: NoInfer<Options>]
  ): Instance

  /**
   * What `plugin` gave when it was installed.
   *
   * @throws {PluginMissingError} if it was not.
   */
  plugin<Options extends object, Instance>(plugin: Plugin<Options, Instance>): Instance

  /**
   * Declares routes. May be called as often as wanted, also while the application serves: all blocks
   * share one root, so that what one intercepts there concerns the routes of every other.
   *
   * @throws {PluginMissingError | RouteConflictError | TypeError} what the declarations in `block` throw.
   */
  routing(block: (route: Route<''>) => void): void

  /**
   * Lets `resolver` say where requests come from, after those that were there before: for plugins that trust
   * a proxy's headers.
   */
  resolveOrigin(resolver: OriginResolver): void

  /**
   * Decides one request to upgrade; for engines. Never throws or rejects.
   *
   * @param environment the world of the session that may come of it.
   * @param signal fires when the client has left; the answer then matters to nobody. A function is called
   *   once at most, and only if the answer has to be waited for: watching a socket costs more than most answers.
   * @returns the outcome itself where nothing of the application's has to be waited for.
   */
  upgrade(
    request: UpgradeRequest,
    environment: Environment,
    signal: AbortSignal | (() => AbortSignal),
  ): Promise<UpgradeOutcome> | UpgradeOutcome

  /**
   * The answer to a request for `target` that does not ask for an upgrade: 426 when a route has that path
   * (RFC 9110 §15.5.22), `null` when it is for somebody else. For engines.
   */
  answerPlainRequest(target: string): UpgradeRefused | null

  /**
   * Ends the application's sessions. From now on upgrades are refused with 503; sessions get Close 1001, in
   * batches over `grace`; their handlers are awaited until `timeout`, and what is left is dropped.
   *
   * Resolves when every session is over or dropped, and the listeners of `stopped` have settled; never rejects. Idempotent: later calls get the promise of
   * the first, whatever their options.
   */
  stop(options?: StopOptions): Promise<StopCounts>
}

/** The sessions of an application, as far as others may know. */
export interface Sessions extends Iterable<WebSocketServerSession> {
  /** How many are running, those that are closing included. */
  readonly size: number
}

/** How much time an application takes to stop. */
export interface StopOptions {
  /**
   * Over how long the closings are spread, so that not all clients come back at once; 0 or above. The first
   * batch is closed at once.
   *
   * @defaultValue 1 second
   */
  readonly grace?: Duration

  /**
   * How long handlers are awaited, from the beginning; not below `grace`.
   *
   * @defaultValue 15 seconds: `grace`, the closing handshake's 10 seconds, and some room
   */
  readonly timeout?: Duration

  /**
   * Tells clients to come back within so much time, 0 or above, each at a moment of its own that is left to chance: the
   * Close frame has the message `reconnect in 12.3 s`, and refusals meanwhile a `Retry-After` to match. Clients of ours
   * (`connect`) do as they are told. `null`: 1001 without a message, and `Retry-After: 5`.
   *
   * @defaultValue null
   */
  readonly reconnectWithin?: Duration | null
}

/** What became of the sessions when an application stopped. */
export interface StopCounts {
  /** Sessions that were running; the sum of the other two. */
  readonly sessions: number
  /** Those that ended before the deadline. */
  readonly closed: number
  /** Those that were dropped at the deadline. */
  readonly aborted: number
}

/**
 * Something to be installed into an application. Made by `definePlugin`.
 *
 * @typeParam Options what `install` takes beside it.
 * @typeParam Instance what `install` gives.
 */
export interface Plugin<Options extends object, Instance> {
  /** Unique in an application; the name of the constant that it is exported as, for messages. */
  readonly name: string
  /** The names of all options, if the plugin says: others are then refused before `install` is called. */
  readonly optionNames: readonly string[] | null
  readonly install: (app: Application, options: Options) => Instance
}

/**
 * A place in the tree of paths, to declare things below.
 *
 * @typeParam Prefix the path of this place; `''` at the root.
 */
export interface Route<Prefix extends string = string> {
  /** The path of this place, in full; `/` at the root. */
  readonly path: string

  /**
   * Declares a WebSocket at `path` below this place. Its handler is run for each connection and sees whole
   * messages; pings and Close frames are handled for it. The connection lives as long as the handler runs:
   * when it returns the session is closed with 1000, when it throws with 1011.
   *
   * `path` begins with `/`. `:name` captures a segment, `:name?` one that may be absent, `**:name` the rest;
   * the handler finds them, decoded, in `call.parameters`.
   *
   * @returns the place itself, for an interceptor of its own.
   * @throws {PluginMissingError} if `WebSockets` is not installed.
   * @throws {RouteConflictError} if the same paths have a handler.
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
   * The same for a handler that sees every frame and every fragment, and does everything itself: pings are
   * not answered, nor is the peer's Close. When it returns, what is queued is sent and the connection dropped.
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
   * Declares a place below this one, with its own interceptors and options. They hold for what `block`
   * declares and for nothing else, also where another call names the same path.
   *
   * @returns that place.
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
   * Lets `interceptor` decide about every upgrade at this place and below, declared before or after. Those
   * further out run first; those of one place in the order in which they came.
   */
  intercept(
    interceptor: Interceptor<PathParameters<Prefix extends '' ? string : Prefix> & AnyParameters>,
  ): void
}

/** What `webSocket` runs for each connection. */
export type WebSocketHandler<Parameters = AnyParameters> = (
  session: DefaultWebSocketServerSession<Parameters>,
) => Promise<void> | void

/** What `webSocketRaw` runs for each connection. */
export type WebSocketRawHandler<Parameters = AnyParameters> = (
  session: WebSocketServerSession<Parameters>,
) => Promise<void> | void

/**
 * Decides about an upgrade before it happens.
 *
 * Returning a `Response` refuses it with that status, those headers and that body. Returning nothing
 * agrees; what was put on `call.response.headers` goes out with the 101. What it throws is reported and
 * answered with 500.
 *
 * `next()` runs what is further in, and need not be called: the rest then runs afterwards. It resolves with
 * the refusal from further in, or with nothing; what surrounds the call (`storage.run(value, next)`) surrounds
 * the handler too. Whatever is done here is over when the 101 is sent; `call.signal` fires when the
 * time is up (`handshakeTimeout`) or the client has left.
 */
export type Interceptor<Parameters = AnyParameters> = (
  call: ApplicationCall<Parameters>,
  next: () => Promise<Response | undefined>,
) => Promise<Response | undefined | void> | Response | undefined | void

/** What a route may say about its sessions and its handshakes; it overrides what is said further out. */
export interface WebSocketRouteOptions extends SessionOptions {
  /** Which pages may connect. @defaultValue what the plugin says: those of the same origin */
  readonly origins?: OriginRule

  /**
   * The subprotocols that the handler speaks: in our order of preference, the first that the client offered
   * is chosen; or a function that chooses. Without an overlap none is chosen. RFC 6455 §1.9, §4.2.2.
   *
   * @defaultValue none
   */
  readonly protocols?: readonly string[] | SubprotocolChooser

  /**
   * What may change messages on their way; `[]` for nothing. See `WebSocketsOptions.extensions`.
   *
   * @defaultValue what the plugin says
   */
  readonly extensions?: readonly Extension[]

  /** Whether a client without a subprotocol of ours is refused with 400. @defaultValue false */
  readonly requireProtocol?: boolean
}

/**
 * Origins allowed in addition to the request's own. Requests without `Origin` (clients other than
 * browsers) are always allowed. One of: `'any'`; origins such as `https://app.example.com`, compared by
 * scheme, host and port; or a function that is called for each other origin, where only `true` allows.
 *
 * RFC 6455 §10.2.
 */
export type OriginRule =
  | 'same-origin'
  | 'any'
  | readonly string[]
  | ((origin: string, call: ApplicationCall) => boolean | Promise<boolean>)

/**
 * Chooses one of `offered` (in the client's order, never empty), or `null` for none. What it throws is
 * reported and answered with 500, and so is a choice that was not offered.
 */
export type SubprotocolChooser = (
  offered: readonly string[],
  call: ApplicationCall,
) => string | null | Promise<string | null>

/**
 * One request, from the interceptors to the end of the session that came of it.
 *
 * Ktor: `ApplicationCall`.
 */
export interface ApplicationCall<Parameters = AnyParameters> {
  readonly application: Application
  readonly request: ApplicationRequest

  /** What interceptors add to the answer, whether that is the 101 or a refusal. */
  readonly response: ApplicationResponse

  /** What the path captured, percent-decoded once. */
  readonly parameters: Parameters

  /** Typed values that belong to this call: interceptors leave them for the handler. */
  readonly attributes: Attributes

  /**
   * Fires when the call is over: the session ended, the upgrade took too long (`HandshakeTimeoutError`), or
   * the client left before it was decided.
   */
  readonly signal: AbortSignal
}

/** The answer to a call, as far as interceptors have a say in it. */
export interface ApplicationResponse {
  /**
   * Headers for the answer; `append` for a second `set-cookie`. Those of the handshake itself (`connection`,
   * `upgrade`, `sec-websocket-…`) and of a body are not the application's: they make the upgrade fail.
   */
  readonly headers: Headers
}

/** A session and the call that it came from. */
export interface WebSocketServerSession<Parameters = AnyParameters> extends WebSocketSession {
  /** The request that was upgraded. */
  readonly call: ApplicationCall<Parameters>
  /** The application that the session belongs to. */
  readonly application: Application
}

/** A session that looks after itself, and the call that it came from. */
export interface DefaultWebSocketServerSession<Parameters = AnyParameters>
  extends DefaultWebSocketSession, WebSocketServerSession<Parameters> {}

/** What `monitor` tells. */
export interface ApplicationEvents {
  /** A session begins; its handler runs next. */
  readonly sessionOpened: { readonly session: WebSocketServerSession }

  /** A session is over. */
  readonly sessionClosed: { readonly session: WebSocketServerSession; readonly info: CloseInfo }

  /** A request for one of our paths was not upgraded. */
  readonly upgradeRefused: {
    readonly request: ApplicationRequest
    /** The path of the route as it was declared. */
    readonly route: string
    readonly status: number
    readonly reason: RefusalReason
    /** What went wrong, where something did; `null` otherwise. */
    readonly cause: unknown
  }

  /** A handler, or a task that it launched, failed; once a session. It is in the log too. */
  readonly handlerFailed: { readonly session: WebSocketServerSession; readonly error: unknown }

  /**
   * A handler has returned, which ends its session with 1000, while something that it started still read from
   * `incoming`. Usually an `await` is missing: `incoming.consumeEach(…)` alone does not keep a handler. It is
   * in the log too, at the level `debug`.
   */
  readonly readingAbandoned: { readonly session: WebSocketServerSession }

  /**
   * A limit ended a session: once a session, and perhaps again as `closeTimeout`. Limits on upgrades are told by
   * `upgradeRefused`, with a typed `cause`.
   */
  readonly limitReached: {
    readonly session: WebSocketServerSession
    /** The name of the option that sets it. */
    readonly limit: SessionLimitName
    readonly error: Error
  }

  /** A full channel lost a frame, or a newer one replaced it, as its policy says. */
  readonly frameDropped: {
    readonly session: WebSocketServerSession
    readonly direction: 'incoming' | 'outgoing'
    /** Size of its payload. */
    readonly bytes: number
  }

  /** The application begins to stop. */
  readonly stopping: { readonly sessions: number }

  /**
   * All sessions are over. `stop()` awaits the promises that listeners return, until `timeout` and for 3
   * seconds at least: the place to close what handlers used, such as a database pool.
   */
  readonly stopped: StopCounts
}
