/**
 * Decides one upgrade request: handshake, origin, interceptors, subprotocol.
 *
 * The application's code runs only for requests that are valid handshakes (RFC 6455 §4.2).
 */

import { Deferred, type Environment, type WheelTimer } from '../../base/internal.ts'
import { acceptOffers, type AgreedExtension, answerHeader } from '../../extensions/internal.ts'
import {
  type ExtendedConnect,
  extendedConnectHeaders,
  HandshakeError,
  HttpHeaders,
  readExtendedConnect,
  readServerHandshake,
  type ServerHandshake,
  serverHandshakeHeaders,
} from '../../protocol/index.ts'
import type { Transport } from '../../session/index.ts'
import type { Admission, ConnectionSlot } from './admission.ts'
import type { Application, Interceptor } from '../application.ts'
import { type AsyncContext, rootContext } from '../async-context.ts'
import { parseAuthority, parseOrigin } from '../calls/authority.ts'
import { decodeParameters, UpgradeCall } from '../calls/call.ts'
import type { UpgradeAccepted, UpgradeOutcome, UpgradeRequest } from '../engine.ts'
import { HandshakeTimeoutError } from '../errors.ts'
import { intercept } from './interception.ts'
import { logFailure } from '../logger.ts'
import { mayConnect } from './origin-policy.ts'
import {
  isHandshakeHeader,
  refuse,
  refuseWhileStopping,
  refuseWith,
  toOutcome,
  type Refusal,
} from './refusal.ts'
import { type RefusedOrigins, showOrigin } from './refused-origins.ts'
import { IncomingRequest, type OriginResolver } from '../calls/request.ts'
import { parseRequestTarget } from '../calls/request-target.ts'
import type { WebSocketRoute } from '../routing/route-scope.ts'
import type { RouteTree } from '../routing/route-tree.ts'
import {
  openServerSession,
  type SessionDependencies,
  type SessionOpening,
} from '../sessions/server-session.ts'
import type { SharedBudget } from '../sessions/memory-budget.ts'
import { chooseSubprotocol } from './subprotocol.ts'

/** What upgrades need from their application. */
export interface UpgradeDependencies extends SessionDependencies {
  readonly application: Application
  readonly routes: RouteTree<WebSocketRoute>
  readonly resolvers: readonly OriginResolver[]
  readonly refusedOrigins: RefusedOrigins
  /** The limits on connections. Called only for a route, so `WebSockets` is installed. */
  readonly admission: () => Admission
}

/** See `Application.upgrade`. The outcome comes at the latest when `handshakeTimeout` passes. */
export function decideUpgrade(
  dependencies: UpgradeDependencies,
  request: UpgradeRequest,
  environment: Environment,
  signal: AbortSignal | (() => AbortSignal),
): Promise<UpgradeOutcome> | UpgradeOutcome {
  const target = parseRequestTarget(request.target)
  const match = target === null ? null : dependencies.routes.find(target.path)
  if (target === null || match === null) return { type: 'unclaimed' }
  if (request.comesAgain === true && match.value.needsEngineRequest()) return { type: 'unclaimed' }

  const parameters = decodeParameters(match.captures)
  const incoming = new IncomingRequest(request, target, dependencies.resolvers)
  const call = new UpgradeCall(dependencies.application, incoming, parameters ?? {})
  const routed: RoutedRequest = {
    dependencies,
    route: match.value,
    call,
    request,
    environment,
    hasParameters: parameters !== null,
  }
  return new UpgradeAttempt(routed).run(signal)
}

/** What was read of either opening handshake. Over HTTP/1.1 there is always a key. */
type Handshake = ExtendedConnect | ServerHandshake

/** Whether `handshake` was read as one of HTTP/1.1. */
function isUpgrade(
  { bootstrap }: UpgradeRequest,
  handshake: Handshake,
): handshake is ServerHandshake {
  return bootstrap !== 'connect' && handshake.key !== null
}

/** A refusal, or everything that the session needs. */
type Decision = Refusal | Acceptance

interface Acceptance {
  readonly type: 'accepted'
  readonly handshake: Handshake
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  /** The async context that the interceptors made; `null` without interceptors. */
  readonly context: AsyncContext | null
}

/** A request with its route. */
interface RoutedRequest {
  readonly dependencies: UpgradeDependencies
  readonly route: WebSocketRoute
  readonly call: UpgradeCall
  readonly request: UpgradeRequest
  readonly environment: Environment
  /** Whether the parameters of the path could be decoded. */
  readonly hasParameters: boolean
}

/** Decides one request that has a route. */
class UpgradeAttempt {
  readonly #routed: RoutedRequest
  /** The first answer. Later ones are ignored. */
  #outcome: UpgradeOutcome | null = null
  /** Resolves with the answer, if the decision is asynchronous. */
  #waiting: Deferred<UpgradeOutcome> | null = null
  /** `null` until the request has been admitted. */
  #slot: ConnectionSlot | null = null
  /** What is counted for the request until there is an answer. */
  #reserved = 0

  constructor(routed: RoutedRequest) {
    this.#routed = routed
  }

  run(signal: AbortSignal | (() => AbortSignal)): Promise<UpgradeOutcome> | UpgradeOutcome {
    if (typeof signal !== 'function' && signal.aborted) return this.#abandon(signal.reason)
    try {
      const decision = this.#decide()
      if (!(decision instanceof Promise)) return this.#answer(decision)
      return this.#race(decision, typeof signal === 'function' ? signal() : signal)
    } catch (error) {
      return this.#fail(error)
    }
  }

  /** Waits for the decision, the deadline or the client's departure, whichever comes first. */
  async #race(deciding: Promise<Decision>, signal: AbortSignal): Promise<UpgradeOutcome> {
    this.#waiting = new Deferred()
    const { promise } = this.#waiting
    const timer = this.#startDeadline()
    const onAbort = (): void => void this.#abandon(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    this.#routed.request.watchEarlyBytes?.((bytes) => this.#reserve(bytes))

    // The decision settles the outcome. A failure that comes too late is logged.
    void deciding.then(
      (decision) => this.#answer(decision),
      (error: unknown) => this.#fail(error),
    )
    const outcome = await promise
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
    return outcome
  }

  /** Returns a promise only if the origin rule, an interceptor or the chooser is async. */
  #decide(): Decision | Promise<Decision> {
    const { dependencies, request } = this.#routed
    const tooLarge = dependencies.admission().refusalOfHeaders(request.rawHeaders)
    if (tooLarge !== null) return tooLarge
    const read = this.#readHandshake()
    if (read.type === 'refused') return read
    const { handshake } = read
    if (!this.#routed.hasParameters) {
      return refuse(400, 'parameters', 'Cannot upgrade: the path has invalid percent-encoding')
    }
    const stopping = this.#refusalWhileStopping()
    if (stopping !== null) return stopping
    return this.#admit() ?? this.#checkOrigin(handshake)
  }

  // Promises of the application are awaited in separate methods, so that a synchronous upgrade
  // creates no closures.

  #checkOrigin(handshake: Handshake): Decision | Promise<Decision> {
    const { route, call } = this.#routed
    const allowed = mayConnect(route.origins, handshake.origin, call)
    if (allowed instanceof Promise) return this.#checkOriginLater(handshake, allowed)
    return allowed ? this.#runInterceptors(handshake) : this.#refuseOrigin(handshake.origin)
  }

  async #checkOriginLater(handshake: Handshake, deciding: Promise<boolean>): Promise<Decision> {
    const allowed = await deciding
    return allowed ? this.#runInterceptors(handshake) : this.#refuseOrigin(handshake.origin)
  }

  #refuseOrigin(header: string | null): Refusal {
    const { origin: own } = this.#routed.call.request
    const page = showOrigin(header === null ? null : parseOrigin(header))
    const server = showOrigin(own)
    const now = this.#routed.environment.clock.now()
    this.#routed.dependencies.refusedOrigins.refused(page, server, this.#routed.route.path, now)
    const sentence = `Cannot upgrade: pages of ${page} may not connect to ${server}, expected an origin that the option "origins" of the server allows`
    // Both origins were parsed, so they contain no raw input. `nosniff` forbids reading them as
    // HTML.
    return refuse(403, 'origin', sentence, { headers: [['x-content-type-options', 'nosniff']] })
  }

  #runInterceptors(handshake: Handshake): Decision | Promise<Decision> {
    const interceptors = this.#routed.route.interceptors()
    if (interceptors.length > 0) return this.#intercept(handshake, interceptors)
    return this.#refusalWhileStopping() ?? this.#chooseSubprotocol(handshake, null)
  }

  async #intercept(handshake: Handshake, interceptors: readonly Interceptor[]): Promise<Decision> {
    const { refusal, context } = await intercept(interceptors, this.#routed.call)
    if (refusal !== null) return refuseWith(refusal)
    const stopping = this.#refusalWhileStopping()
    return stopping ?? context.run(() => this.#chooseSubprotocol(handshake, context))
  }

  #refusalWhileStopping(): Refusal | null {
    const reconnectHints = this.#routed.dependencies.reconnectHints()
    return reconnectHints === null ? null : refuseWhileStopping(reconnectHints)
  }

  #chooseSubprotocol(
    handshake: Handshake,
    context: AsyncContext | null,
  ): Decision | Promise<Decision> {
    const { route, call } = this.#routed
    const chosen = chooseSubprotocol(route.protocols, handshake.protocols, call)
    if (!(chosen instanceof Promise)) return this.#agree(handshake, chosen, context)
    return chosen.then((protocol) => this.#agree(handshake, protocol, context))
  }

  #agree(handshake: Handshake, protocol: string | null, context: AsyncContext | null): Decision {
    if (protocol === null && this.#routed.route.requireProtocol) {
      return refuse(
        400,
        'protocol',
        'Cannot upgrade: Sec-WebSocket-Protocol offers no subprotocol of this path',
      )
    }
    const extensions = this.#agreeExtensions(handshake)
    return { type: 'accepted', handshake, protocol, extensions, context }
  }

  /** Counts the connection. @returns the refusal if it was not admitted. */
  #admit(): Refusal | null {
    const { remoteHost } = this.#routed.call.request
    const { connectionLimit } = this.#routed.request
    const admission = this.#routed.dependencies.admission()
    if (connectionLimit !== undefined) return admission.refusalOfConnection(connectionLimit)
    const entered = admission.enter(remoteHost, this.#routed.environment)
    if ('reason' in entered) return entered
    this.#slot = entered
    this.#reserve(this.#routed.call.request.headBytes + (this.#routed.request.earlyBytes ?? 0))
    return null
  }

  /** Reserves memory for the request until the decision. */
  #reserve(bytes: number): void {
    if (this.#outcome !== null) return
    this.#reserved += bytes
    this.#routed.dependencies.admission().memoryBudget?.reserve(bytes)
  }

  /** Reads the opening handshake, or returns the refusal of an invalid one. */
  #readHandshake(): { readonly type: 'read'; readonly handshake: Handshake } | Refusal {
    const { bootstrap, method, httpVersion, hasBody, rawHeaders } = this.#routed.request
    // Not the headers of the call, which would keep these.
    const headers = new HttpHeaders(rawHeaders)
    try {
      const handshake: Handshake =
        bootstrap === 'connect'
          ? readExtendedConnect({ headers, hasBody })
          : readServerHandshake({ method, httpVersion, headers, hasBody })
      // The handshake checks that there is a Host, but not its value (RFC 9112 §3.2).
      if (parseAuthority(headers.get('host') ?? '') !== null) return { type: 'read', handshake }
      return refuse(400, 'handshake', 'Cannot upgrade: the Host header is invalid, expected a host')
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error
      return refuse(error.status, 'handshake', error.message, {
        headers: error.headers,
        cause: error,
      })
    }
  }

  /** Raw sessions show frames as they travel, so they have no extensions. */
  #agreeExtensions(handshake: Handshake): readonly AgreedExtension[] {
    const { kind, extensions } = this.#routed.route
    if (kind === 'raw' || extensions.length === 0) return NO_EXTENSIONS
    return acceptOffers(extensions, handshake.extensions)
  }

  #answer(decision: Decision): UpgradeOutcome {
    return decision.type === 'refused' ? this.#refuse(decision) : this.#accept(decision)
  }

  #accept(acceptance: Acceptance): UpgradeOutcome {
    const added = this.#routed.call.responseHeaders
    const reserved = added.find(([name]) => isHandshakeHeader(name))
    if (reserved !== undefined) {
      return this.#fail(
        new TypeError(
          `Cannot put "${reserved[0]}" on the response of an upgrade: the engine or the handshake sets it, expected another header`,
        ),
      )
    }
    const slot = this.#slot
    if (slot === null) {
      throw new Error('Cannot accept the upgrade: it was not admitted, expected a slot')
    }
    const { handshake, protocol, extensions } = acceptance
    const choice = { protocol, extensions: answerHeader(extensions) }
    const own = isUpgrade(this.#routed.request, handshake)
      ? serverHandshakeHeaders(handshake, choice)
      : extendedConnectHeaders(handshake, choice)
    const headers = added.length === 0 ? own : [...own, ...added]
    // The session takes the slot again when it starts.
    slot.release()
    return this.#settle(new AcceptedUpgrade(headers, this.#routed, acceptance, slot))
  }

  /** Refuses with 500 and no details after the application's code threw, and logs the error. */
  #fail(error: unknown): UpgradeOutcome {
    // Code that throws because `signal` aborted has not failed.
    if (this.#outcome !== null && this.#routed.call.isEndedBy(error)) return this.#outcome
    logFailure(this.#routed.dependencies.application.logger, error, 'WebSocket upgrade failed', {
      route: this.#routed.route.path,
    })
    return this.#refuse(
      refuse(500, 'failure', 'Cannot upgrade: the server failed', { cause: error }),
    )
  }

  #abandon(reason: unknown): UpgradeOutcome {
    const outcome = this.#refuse(
      refuse(503, 'abandoned', 'Cannot upgrade: the client left', { cause: reason }),
    )
    rootContext.run(() => this.#routed.call.end(() => reason))
    return outcome
  }

  #startDeadline(): WheelTimer {
    const { handshakeTimeout } = this.#routed.route
    return this.#routed.environment.timers.schedule(handshakeTimeout, () => {
      const error = new HandshakeTimeoutError(handshakeTimeout)
      this.#refuse(
        refuse(503, 'timeout', 'Cannot upgrade: the server took too long', { cause: error }),
      )
      rootContext.run(() => this.#routed.call.end(() => error))
    })
  }

  #refuse(refusal: Refusal): UpgradeOutcome {
    if (this.#outcome !== null) return this.#outcome
    const outcome = this.#settle(toOutcome(refusal, this.#routed.call.responseHeaders))
    this.#slot?.release()
    const { monitor, counters } = this.#routed.dependencies
    counters.upgradeRefused(refusal.reason, refusal.cause)
    if (monitor.hasListeners('upgradeRefused')) {
      const { status, reason, cause } = refusal
      const { request } = this.#routed.call
      const facts = { request, route: this.#routed.route.path, status, reason, cause }
      rootContext.run(() => monitor.emit('upgradeRefused', facts))
    }
    return outcome
  }

  /** Sets the outcome if there is none yet. @returns the outcome. */
  #settle(outcome: UpgradeOutcome): UpgradeOutcome {
    if (this.#outcome !== null) return this.#outcome
    this.#outcome = outcome
    this.#routed.dependencies.admission().memoryBudget?.reserve(-this.#reserved)
    this.#waiting?.resolve(outcome)
    return outcome
  }
}

/** An accepted upgrade, which opens its session. */
class AcceptedUpgrade implements UpgradeAccepted, SessionOpening {
  readonly type = 'accepted'
  readonly headers: UpgradeAccepted['headers']
  readonly call: UpgradeCall
  readonly route: WebSocketRoute
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  readonly context: AsyncContext | null
  readonly environment: Environment
  readonly dependencies: UpgradeDependencies
  readonly slot: ConnectionSlot

  constructor(
    headers: UpgradeAccepted['headers'],
    { call, route, environment, dependencies }: RoutedRequest,
    { protocol, extensions, context }: Acceptance,
    slot: ConnectionSlot,
  ) {
    this.headers = headers
    this.call = call
    this.route = route
    this.protocol = protocol
    this.extensions = extensions
    this.context = context
    this.environment = environment
    this.dependencies = dependencies
    this.slot = slot
  }

  get memoryBudget(): SharedBudget | null {
    return this.dependencies.admission().memoryBudget
  }

  start(transport: Transport): void {
    openServerSession(this, transport)
  }
}

/** Shared by all sessions without extensions. */
const NO_EXTENSIONS: readonly AgreedExtension[] = []
