/**
 * Attaches an application to an existing HTTP server: a bare `http.Server`, or one that Express,
 * Fastify, Koa, Hono or Nest use.
 *
 * Node emits every upgrade request to all listeners. Requests that match no route are therefore
 * left alone for as long as another listener may take them.
 */

import { type IncomingMessage, Server as HttpServer } from 'node:http'
import type { Http2SecureServer, Http2Server } from 'node:http2'
import { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'

import type { Application, StopCounts, StopOptions } from '../../application/index.ts'
import { logFailure, sharedPathOf } from '../../application/internal.ts'
import {
  callback,
  choice,
  flag,
  type Environment,
  kindOf,
  optionReader,
  optionTable,
} from '../../base/internal.ts'
import { connectionFacts } from './transports/connection-facts.ts'
import { publishDiagnostics } from './diagnostics.ts'
import { createEnvironment } from './environment.ts'
import { type ForeignServer, Http2Attachment, speaksHttp2 } from './http2/http2-attachment.ts'
import { FAILURE } from './upgrades/final-answer.ts'
import { OwedAnswers } from './upgrades/owed-answers.ts'
import {
  TRANSPORT_OPTION,
  TransportChoice,
  type TransportMode,
} from './transports/transport-choice.ts'
import { answerUnclaimed } from './upgrades/unclaimed-upgrade.ts'
import {
  asksForWebSocket,
  isClaimed,
  type PendingUpgrade,
  receiveUpgrade,
  refuseUpgrade,
  type UpgradeServer,
} from './upgrades/upgrade-listener.ts'
import type { WaitingSocket } from './upgrades/waiting-socket.ts'

/** The options of `attach`. */
export interface AttachOptions {
  /**
   * What happens to upgrade requests that match no route:
   *
   * - `'yield'`: other listeners get 5 seconds to use the socket (to write, read or listen). Then
   *   the request gets 404. It gets 404 at once if there is no other listener.
   * - `'answer'`: 404 at once. For a server without other upgrade listeners.
   * - `'ignore'`: nothing. Another listener must answer every other request.
   *
   * Upgrades to another protocol than `websocket`, such as `h2c`, are handled in the same way,
   * except that the server answers them as ordinary requests.
   *
   * @defaultValue 'yield'
   */
  readonly unclaimed?: UnclaimedPolicy

  /**
   * Called first for every upgrade request. Requests for which it returns `true` are left to the
   * other listeners, whatever routes the application has. It must be synchronous. If it throws, the
   * error is logged and the request gets 500. Example: Vite's hot-reload socket has the subprotocol
   * `vite-hmr`.
   *
   * @defaultValue no request is ignored
   */
  readonly ignore?: (request: IncomingMessage) => boolean

  /**
   * Whether a secure server of `node:http2` with `allowHTTP1` takes WebSockets over HTTP/2 too (RFC
   * 8441). Pages then open all of their sockets to this server so, and other WebSocket libraries on
   * the same server cannot answer those. `ignore` is for HTTP/1.1 alone.
   * A server of `node:http2` without HTTP/1.1 always does; other servers never do.
   *
   * @defaultValue false
   */
  readonly http2?: boolean

  /**
   * See `EmbeddedServerOptions.transport`. Connections that are made while the handle is being
   * tested use streams.
   */
  readonly transport?: TransportMode
}

/** See `AttachOptions.unclaimed`. */
export type UnclaimedPolicy = 'yield' | 'answer' | 'ignore'

/** An application attached to a server. */
export interface Attachment extends AsyncDisposable {
  /**
   * Stops the application (see `Application.stop`), then removes it from the server, which keeps
   * running. Only the application's sessions are closed, on this server and on any other. Upgrades
   * get 503 meanwhile. Never rejects because of a session; idempotent.
   *
   * @throws {TypeError | RangeError} for an invalid option.
   */
  stop(options?: StopOptions): Promise<StopCounts>

  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Lets `application` answer the WebSocket upgrades of `server` that match its routes.
 *
 * Ordinary requests stay the server's, even for the path of a WebSocket route: its own listener
 * answers them, usually with 404, because Node cannot tell whether it would.
 *
 * May be called before or after `server.listen`. An application may be attached to several servers.
 *
 * @param server from `node:http`, `node:https` or `node:http2`. See the option `http2` for a secure
 *   server with `allowHTTP1`.
 * @throws {TypeError} for another value as `server`; if the application is already attached to it;
 *   if an attached application has a route for the same path; for an unknown option.
 *
 * @example
 * const server = createServer(express())
 * attach(app, server)
 * server.listen(8080)
 */
export function attach(
  application: Application,
  server: AttachableServer,
  options: AttachOptions = {},
): Attachment {
  return attachIn(createEnvironment(), application, server, options)
}

/** `attach` with a given environment. */
export function attachIn(
  environment: Environment,
  application: Application,
  server: AttachableServer,
  options: AttachOptions,
): Attachment {
  const given: unknown = server
  if (!emitsUpgrades(given) && !speaksHttp2(given)) {
    const what = kindOf(given)
    throw new TypeError(
      `Cannot attach: the server is ${what}, expected a server of node:http, node:https or node:http2`,
    )
  }
  const settings = ATTACH_OPTIONS.read(optionReader('attach'), options)
  const transports = new TransportChoice(settings.transport)
  const attached = ATTACHED.get(given) ?? new Set()
  if (attached.has(application)) {
    throw new TypeError(
      'Cannot attach: the application is attached to this server already, expected attach() once',
    )
  }
  for (const other of attached) {
    const path = sharedPathOf(application, other)
    if (path === null) continue
    throw new TypeError(
      `Cannot attach: another application attached to this server has a route for "${path}", expected different paths`,
    )
  }
  ATTACHED.set(given, attached.add(application))
  return new ServerAttachment(environment, transports, application, given, settings)
}

/** A server that an application can be attached to. */
export type AttachableServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer

/** A secure server of node:http2 with `allowHTTP1` emits `upgrade` like one of node:https. */
function emitsUpgrades(server: unknown): server is HttpServer | HttpsServer {
  if (server instanceof HttpServer || server instanceof HttpsServer) return true
  // Node does not export the class. Without `allowHTTP1` the server has no such property.
  return (
    server instanceof TlsServer &&
    server.constructor.name === 'Http2SecureServer' &&
    'headersTimeout' in server
  )
}

/** With `yield`, the time after which an upgrade that no listener took gets 404. */
export const YIELD_MS = 5000

/** Prevents an application from being attached twice, and applications from sharing a path. */
const ATTACHED = new WeakMap<object, Set<Application>>()

class ServerAttachment implements Attachment, UpgradeServer {
  readonly environment: Environment
  readonly transports: TransportChoice
  readonly owed: OwedAnswers
  readonly application: Application
  readonly #server: HttpServer | HttpsServer
  /** `null` without HTTP/2. */
  readonly #http2: Http2Attachment | null
  readonly #unclaimed: UnclaimedPolicy
  readonly #ignore: NonNullable<AttachOptions['ignore']> | null
  /** Reported once: every request to that path would repeat the report. */
  #hasReported = false
  readonly #onUpgrade: (request: IncomingMessage, stream: Duplex, head: Buffer) => void

  constructor(
    environment: Environment,
    transports: TransportChoice,
    application: Application,
    server: HttpServer | HttpsServer | ForeignServer,
    { unclaimed, ignore, http2 }: AttachSettings,
  ) {
    this.environment = environment
    this.transports = transports
    this.application = application
    publishDiagnostics(application)
    // A server of node:http2 has the same events, for the requests of HTTP/1.1 that it allows.
    this.#server = server as HttpServer
    this.#unclaimed = unclaimed
    const hasUpgrades = emitsUpgrades(server)
    this.owed = new OwedAnswers(hasUpgrades ? server : null)
    // Without HTTP/1.1 there is nothing else that the application could be attached for.
    this.#http2 =
      speaksHttp2(server) && (http2 || !hasUpgrades)
        ? new Http2Attachment(application, environment, server, unclaimed === 'answer')
        : null
    this.#ignore = ignore
    this.#onUpgrade = (request, stream, head) => this.#receive({ request, stream, head })
    // First in order: only then can it see later whether other listeners used the socket.
    server.prependListener('upgrade', this.#onUpgrade)
  }

  get hasRivals(): boolean {
    return this.#server.listenerCount('upgrade') > 1
  }

  async stop(options?: StopOptions): Promise<StopCounts> {
    const counts = await this.application.stop(options)
    this.#server.off('upgrade', this.#onUpgrade)
    this.owed[Symbol.dispose]()
    this.#http2?.[Symbol.dispose]()
    ATTACHED.get(this.#server)?.delete(this.application)
    return counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #receive(upgrade: PendingUpgrade): void {
    const { request } = upgrade
    if (isClaimed(request)) {
      this.#reportConflict(request)
      return
    }
    try {
      if (this.#ignores(request)) return
    } catch (error) {
      logFailure(this.application.logger, error, 'Option "ignore" of attach failed')
      refuseUpgrade(this, upgrade, connectionFacts(upgrade.stream), FAILURE)
      return
    }
    receiveUpgrade(this, upgrade)
  }

  #ignores(request: IncomingMessage): boolean {
    const answer: unknown = this.#ignore === null ? false : this.#ignore(request)
    if (typeof answer === 'boolean') return answer
    throw new TypeError(
      `Cannot decide an upgrade: option "ignore" of attach returned ${kindOf(answer)}, expected true or false`,
    )
  }

  /**
   * Two applications on this server have a route for the same request. `attach` saw no conflict,
   * because a route was added later or patterns overlap. The application attached last answers.
   */
  #reportConflict({ url = '' }: IncomingMessage): void {
    if (this.#hasReported || this.application.answerPlainRequest(url) === null) return
    this.#hasReported = true
    const conflict = new TypeError(
      'Cannot answer an upgrade: another application attached to this server has a route for its path,' +
        ' expected different paths',
    )
    logFailure(this.application.logger, conflict, 'Attached applications share a path')
  }

  unclaimed(upgrade: PendingUpgrade, waiting: WaitingSocket): void {
    const isNobodys =
      !this.hasRivals && (this.#unclaimed === 'yield' || !asksForWebSocket(upgrade.request))
    if (isNobodys || this.#unclaimed === 'answer')
      answerUnclaimed(this, this.#server, upgrade, waiting)
    else if (this.#unclaimed === 'ignore') waiting.release()
    else this.#yield(upgrade, waiting)
  }

  #yield(upgrade: PendingUpgrade, waiting: WaitingSocket): void {
    const timer = this.environment.timers.schedule(YIELD_MS, () => {
      if (waiting.isTaken) waiting.release()
      else answerUnclaimed(this, this.#server, upgrade, waiting)
    })
    waiting.signal.addEventListener('abort', () => {
      timer.cancel()
      if (!waiting.isTaken) upgrade.stream.destroy()
      waiting.release()
    })
  }
}

/** The checked options of `attach`. */
interface AttachSettings {
  readonly unclaimed: UnclaimedPolicy
  readonly ignore: NonNullable<AttachOptions['ignore']> | null
  readonly http2: boolean
  readonly transport: TransportMode
}

const ATTACH_OPTIONS = optionTable<AttachSettings>({
  unclaimed: choice('yield', ['yield', 'answer', 'ignore']),
  ignore: callback<AttachSettings['ignore']>(null),
  http2: flag(false),
  transport: TRANSPORT_OPTION,
})
