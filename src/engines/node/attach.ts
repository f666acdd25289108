/**
 * Towpath in an HTTP server that somebody else made and runs: `http.Server` under Express, Fastify, Koa,
 * Hono, Nest, or bare.
 *
 * Node shows every upgrade request to every listener, and asks none of them whether it cares. So what has
 * no route here is left alone, for as long as another listener may still want it.
 */

import { type IncomingMessage, Server as HttpServer } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'

import type { Application, StopCounts, StopOptions } from '../../application/index.ts'
import { logFailure, sharedPathOf } from '../../application/internal.ts'
import {
  callback,
  choice,
  type Environment,
  kindOf,
  optionReader,
  optionTable,
} from '../../base/internal.ts'
import { connectionFacts } from './transports/connection-facts.ts'
import { createEnvironment } from './environment.ts'
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
  type UpgradeHost,
} from './upgrades/upgrade-listener.ts'
import type { WaitingSocket } from './upgrades/waiting-socket.ts'

/** How an application behaves in a server that is not its own. */
export interface AttachOptions {
  /**
   * What becomes of upgrade requests for paths that the application does not have:
   *
   * - `'yield'`: others are left 5 seconds to take the socket (to write to it, to read it, or to listen on
   *   it); then it gets 404. At once, if nobody else listens for upgrades.
   * - `'answer'`: 404 at once. For a server on which nobody else upgrades.
   * - `'ignore'`: nothing, ever: another listener answers everything that is not ours.
   *
   * Requests to upgrade to anything but `websocket` (`h2c`, say) are treated in the same way, except that
   * the server then answers them as the ordinary requests that they also are.
   *
   * @defaultValue 'yield'
   */
  readonly unclaimed?: UnclaimedPolicy

  /**
   * Asked first, about every upgrade request: what it returns `true` for is left to the other listeners of
   * the server, for good, whatever routes the application has. It must return at once; what it throws is
   * logged, and the request gets 500. Vite's socket for hot reload, for one, has the subprotocol `vite-hmr`.
   *
   * @defaultValue nothing is ignored
   */
  readonly ignore?: (request: IncomingMessage) => boolean

  /** See `EmbeddedServerOptions.transport`; streams carry what connects while the trial is under way. */
  readonly transport?: TransportMode
}

/** See `AttachOptions.unclaimed`. */
export type UnclaimedPolicy = 'yield' | 'answer' | 'ignore'

/** An application's place in a server. */
export interface Attachment extends AsyncDisposable {
  /**
   * Stops the application (see `Application.stop`), then leaves the server, which goes on: only sessions of
   * the application are closed, wherever else it is attached. Upgrades get 503 meanwhile. Never rejects for
   * what a session does; idempotent.
   *
   * @throws {TypeError | RangeError} for options that mean nothing.
   */
  stop(options?: StopOptions): Promise<StopCounts>

  /** The same as `stop()`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Lets `application` answer the WebSocket upgrades of `server` that are for its routes, and nothing else.
 *
 * Ordinary requests stay the server's, those for the path of a WebSocket too: what its own listener
 * says to them (404, mostly) is what they get, because Node cannot tell whether it would answer.
 *
 * May be called before or after `server.listen`. One application may be attached to several servers.
 *
 * @param server of `node:http` or `node:https`. A secure server of `node:http2` with `allowHTTP1` is
 *   accepted too, and answers the upgrades of HTTP/1.1.
 * @throws {TypeError} if `server` is no such server, if the application is attached to it already or
 *   shares a path with one that is, or for an option that is not known.
 *
 * @example
 * const server = createServer(express())
 * attach(app, server)
 * server.listen(8080)
 */
export function attach(
  application: Application,
  server: HttpServer | HttpsServer | Http2SecureServer,
  options: AttachOptions = {},
): Attachment {
  return attachIn(createEnvironment(), application, server, options)
}

/** `attach` in a world of the caller's choice. */
export function attachIn(
  environment: Environment,
  application: Application,
  server: HttpServer | HttpsServer | Http2SecureServer,
  options: AttachOptions,
): Attachment {
  const given: unknown = server
  if (!emitsUpgrades(given)) {
    const what = kindOf(given)
    throw new TypeError(
      `Cannot attach: the server is ${what}, expected one of node:http or node:https`,
    )
  }
  const settings = ATTACH_OPTIONS.read(optionReader('attach'), options)
  const transports = new TransportChoice(settings.transport)
  const attached = ATTACHED.get(given) ?? new Set()
  if (attached.has(application)) {
    throw new TypeError('Cannot attach: the application is attached to this server already')
  }
  for (const other of attached) {
    const path = sharedPathOf(application, other)
    if (path === null) continue
    throw new TypeError(
      `Cannot attach: another application attached to this server has a route for "${path}" too, expected paths of its own for each`,
    )
  }
  ATTACHED.set(given, attached.add(application))
  return new ServerAttachment(environment, transports, application, given, settings)
}

/** A secure server of node:http2 with `allowHTTP1` emits `upgrade` as one of node:https does. */
function emitsUpgrades(server: unknown): server is HttpServer | HttpsServer {
  if (server instanceof HttpServer || server instanceof HttpsServer) return true
  // Node does not export the class. Without `allowHTTP1` the server has no such property.
  return (
    server instanceof TlsServer &&
    server.constructor.name === 'Http2SecureServer' &&
    'headersTimeout' in server
  )
}

/** How long another listener may take, under `yield`, before an upgrade counts as nobody's. */
export const YIELD_MS = 5000

/** So that one application cannot answer the same request twice, nor two of them the same path. */
const ATTACHED = new WeakMap<HttpServer | HttpsServer, Set<Application>>()

class ServerAttachment implements Attachment, UpgradeHost {
  readonly environment: Environment
  readonly transports: TransportChoice
  readonly owed: OwedAnswers
  readonly application: Application
  readonly #server: HttpServer | HttpsServer
  readonly #unclaimed: UnclaimedPolicy
  readonly #ignore: NonNullable<AttachOptions['ignore']> | null
  /** One report is enough: every request to that path would bring another. */
  #hasReported = false
  readonly #onUpgrade: (request: IncomingMessage, stream: Duplex, head: Buffer) => void

  constructor(
    environment: Environment,
    transports: TransportChoice,
    application: Application,
    server: HttpServer | HttpsServer,
    { unclaimed, ignore }: AttachSettings,
  ) {
    this.environment = environment
    this.transports = transports
    this.application = application
    this.#server = server
    this.#unclaimed = unclaimed
    this.owed = new OwedAnswers(server)
    this.#ignore = ignore
    this.#onUpgrade = (request, stream, head) => this.#receive({ request, stream, head })
    // Before the others: only so can it be seen later whether they have touched the socket.
    server.prependListener('upgrade', this.#onUpgrade)
  }

  get hasRivals(): boolean {
    return this.#server.listenerCount('upgrade') > 1
  }

  async stop(options?: StopOptions): Promise<StopCounts> {
    const counts = await this.application.stop(options)
    this.#server.off('upgrade', this.#onUpgrade)
    this.owed[Symbol.dispose]()
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
      `Cannot use what option "ignore" returned: it is ${kindOf(answer)}, expected true or false`,
    )
  }

  /**
   * Two applications on one server have a route for the same request: `attach` saw no conflict, because a
   * route came later or patterns overlap. The application attached last answers.
   */
  #reportConflict({ url = '' }: IncomingMessage): void {
    if (this.#hasReported || this.application.answerPlainRequest(url) === null) return
    this.#hasReported = true
    const conflict = new TypeError(
      'Cannot answer an upgrade: another application attached to this server has a route for its path too,' +
        ' expected paths of its own for each',
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

/** The options of an attachment, complete. */
interface AttachSettings {
  readonly unclaimed: UnclaimedPolicy
  readonly ignore: NonNullable<AttachOptions['ignore']> | null
  readonly transport: TransportMode
}

const ATTACH_OPTIONS = optionTable<AttachSettings>({
  unclaimed: choice('yield', ['yield', 'answer', 'ignore']),
  ignore: callback<AttachSettings['ignore']>(null),
  transport: TRANSPORT_OPTION,
})
