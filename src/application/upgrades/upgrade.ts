/**
 * One request from its first look to its answer: route, handshake, origin, interceptors, subprotocol.
 *
 * The order is such that nothing of the application's runs for a request that could not be upgraded anyway
 * (RFC 6455 §4.2), and that an answer never depends on what comes behind the refusal.
 */

import { Deferred, type Environment, type WheelTimer } from '../../base/internal.ts'
import { acceptOffers, type AgreedExtension, answerHeader } from '../../extensions/internal.ts'
import {
  HandshakeError,
  HttpHeaders,
  readServerHandshake,
  serverHandshakeHeaders,
  type ServerHandshake,
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
import { openServerSession, type SessionHome } from '../sessions/server-session.ts'
import { chooseSubprotocol } from './subprotocol.ts'

/** The parts of an application that upgrades work with. */
export interface UpgradeParts extends SessionHome {
  readonly application: Application
  readonly routes: RouteTree<WebSocketRoute>
  readonly resolvers: readonly OriginResolver[]
  readonly refusedOrigins: RefusedOrigins
  /** Who is let in; there is a route, so the plugin that says so is installed. */
  readonly admission: () => Admission
}

/** See `Application.upgrade`. Answers at the deadline of the handshake at the latest. */
export function decideUpgrade(
  parts: UpgradeParts,
  request: UpgradeRequest,
  environment: Environment,
  signal: AbortSignal | (() => AbortSignal),
): Promise<UpgradeOutcome> | UpgradeOutcome {
  const target = parseRequestTarget(request.target)
  const match = target === null ? null : parts.routes.find(target.path)
  if (target === null || match === null) return { type: 'unclaimed' }
  if (request.comesAgain === true && match.value.needsEngineRequest()) return { type: 'unclaimed' }

  const parameters = decodeParameters(match.captures)
  const call = new UpgradeCall(
    parts.application,
    new IncomingRequest(request, target, parts.resolvers),
    parameters ?? {},
  )
  const facts = {
    route: match.value,
    call,
    request,
    environment,
    hasParameters: parameters !== null,
  }
  return new UpgradeAttempt(parts, facts).run(signal)
}

/** What the request comes to: a refusal, or everything that its session needs. */
type Decision = Refusal | Acceptance

interface Acceptance {
  readonly type: 'accepted'
  readonly handshake: ServerHandshake
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  /** The context that interceptors have made; `null` without any. */
  readonly context: AsyncContext | null
}

/** A request that has a route. */
interface UpgradeFacts {
  readonly route: WebSocketRoute
  readonly call: UpgradeCall
  readonly request: UpgradeRequest
  readonly environment: Environment
  /** Whether what the path captured could be decoded. */
  readonly hasParameters: boolean
}

/** Decides one request that has a route. */
class UpgradeAttempt {
  readonly #parts: UpgradeParts
  readonly #route: WebSocketRoute
  readonly #call: UpgradeCall
  readonly #facts: UpgradeFacts
  /** The first answer that there was. */
  #outcome: UpgradeOutcome | null = null
  /** Told of the answer, where it has to be waited for. */
  #waiting: Deferred<UpgradeOutcome> | null = null
  /** Absent until the request has been found to be a proper one. */
  #slot: ConnectionSlot | null = null
  /** What is counted for the request until there is an answer. */
  #reserved = 0

  constructor(parts: UpgradeParts, facts: UpgradeFacts) {
    this.#parts = parts
    this.#route = facts.route
    this.#call = facts.call
    this.#facts = facts
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

  /** Races the decision against the deadline and the client's patience; whoever is first has answered. */
  async #race(deciding: Promise<Decision>, signal: AbortSignal): Promise<UpgradeOutcome> {
    this.#waiting = new Deferred()
    const { promise } = this.#waiting
    const timer = this.#startDeadline()
    const onAbort = (): void => void this.#abandon(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    this.#facts.request.watchEarlyBytes?.((bytes) => this.#reserve(bytes))

    // Owned by the outcome: it settles it, or comes too late and says so in the log.
    void deciding.then(
      (decision) => this.#answer(decision),
      (error: unknown) => this.#fail(error),
    )
    const outcome = await promise
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
    return outcome
  }

  /** Only what is the application's own may have to be waited for: its origin rule, its interceptors, its choice. */
  #decide(): Decision | Promise<Decision> {
    const tooLarge = this.#parts.admission().refusalOfHeaders(this.#facts.request.rawHeaders)
    if (tooLarge !== null) return tooLarge
    const read = this.#readHandshake()
    if (read.type === 'refused') return read
    const { handshake } = read
    if (!this.#facts.hasParameters) {
      return refuse(400, 'parameters', 'Cannot upgrade: the path is wrongly percent-encoded')
    }
    const farewell = this.#parts.farewell()
    if (farewell !== null) return refuseWhileStopping(farewell)
    const full = this.#enter()
    if (full !== null) return full
    const allowed = mayConnect(this.#route.origins, handshake.origin, this.#call)
    return allowed instanceof Promise
      ? allowed.then((later) => this.#goOn(later, handshake))
      : this.#goOn(allowed, handshake)
  }

  #goOn(mayConnect: boolean, handshake: ServerHandshake): Decision | Promise<Decision> {
    if (!mayConnect) return this.#refuseOrigin(handshake.origin)
    const interceptors = this.#route.interceptors()
    if (interceptors.length > 0) return this.#intercept(interceptors, handshake)
    const farewell = this.#parts.farewell()
    return farewell === null ? this.#choose(handshake, null) : refuseWhileStopping(farewell)
  }

  #refuseOrigin(header: string | null): Refusal {
    const { origin: own } = this.#call.request
    const page = showOrigin(header === null ? null : parseOrigin(header))
    const server = showOrigin(own)
    const now = this.#facts.environment.clock.now()
    this.#parts.refusedOrigins.refused(page, server, this.#route.path, now)
    const sentence = `Cannot upgrade: pages of ${page} may not connect to ${server}, expected an origin that the option "origins" of the server allows`
    // Both origins are as they were parsed, not as they were sent; and nobody is to take them for HTML.
    return refuse(403, 'origin', sentence, { headers: [['x-content-type-options', 'nosniff']] })
  }

  async #intercept(
    interceptors: readonly Interceptor[],
    handshake: ServerHandshake,
  ): Promise<Decision> {
    const { refusal, context } = await intercept(interceptors, this.#call)
    if (refusal !== null) return refuseWith(refusal)
    const farewell = this.#parts.farewell()
    if (farewell !== null) return refuseWhileStopping(farewell)
    return context.run(() => this.#choose(handshake, context))
  }

  #choose(handshake: ServerHandshake, context: AsyncContext | null): Decision | Promise<Decision> {
    const chosen = chooseSubprotocol(this.#route.protocols, handshake.protocols, this.#call)
    return chosen instanceof Promise
      ? chosen.then((later) => this.#agree(handshake, later, context))
      : this.#agree(handshake, chosen, context)
  }

  #agree(
    handshake: ServerHandshake,
    protocol: string | null,
    context: AsyncContext | null,
  ): Decision {
    if (protocol === null && this.#route.requireProtocol) {
      return refuse(
        400,
        'protocol',
        'Cannot upgrade: Sec-WebSocket-Protocol offers no subprotocol of this path',
      )
    }
    return { type: 'accepted', handshake, protocol, extensions: this.#extend(handshake), context }
  }

  /** Counts the connection. @returns the refusal, if there is no room for it. */
  #enter(): Refusal | null {
    const { remoteHost } = this.#call.request
    const entered = this.#parts.admission().enter(remoteHost, this.#facts.environment)
    if ('reason' in entered) return entered
    this.#slot = entered
    this.#reserve(this.#call.request.headBytes + (this.#facts.request.earlyBytes ?? 0))
    return null
  }

  /** Counts memory of the request until there is an answer. */
  #reserve(bytes: number): void {
    if (this.#outcome !== null) return
    this.#reserved += bytes
    this.#parts.admission().memoryBudget?.reserve(bytes)
  }

  /** The opening handshake, or the refusal that it deserves. */
  #readHandshake(): { readonly type: 'read'; readonly handshake: ServerHandshake } | Refusal {
    const { method, httpVersion, hasBody, rawHeaders } = this.#facts.request
    // Not those of the call, which would be kept with it.
    const headers = new HttpHeaders(rawHeaders)
    try {
      const handshake = readServerHandshake({ method, httpVersion, headers, hasBody })
      // The handshake wants a Host; what is in it is ours to understand (RFC 9112 §3.2).
      if (parseAuthority(headers.get('host') ?? '') !== null) return { type: 'read', handshake }
      return refuse(400, 'handshake', 'Cannot upgrade: Host names no host')
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error
      return refuse(error.status, 'handshake', error.message, {
        headers: error.headers,
        cause: error,
      })
    }
  }

  /** Raw sessions show frames as they travel: nothing may change them. */
  #extend(handshake: ServerHandshake): readonly AgreedExtension[] {
    const { kind, extensions } = this.#route
    if (kind === 'raw' || extensions.length === 0) return NO_EXTENSIONS
    return acceptOffers(extensions, handshake.extensions)
  }

  #answer(decision: Decision): UpgradeOutcome {
    return decision.type === 'refused' ? this.#refuse(decision) : this.#accept(decision)
  }

  #accept({ handshake, protocol, extensions, context }: Acceptance): UpgradeOutcome {
    const added = this.#call.responseHeaders
    const reserved = added.find(([name]) => isHandshakeHeader(name))
    if (reserved !== undefined) {
      return this.#fail(
        new TypeError(
          `Cannot put "${reserved[0]}" on the response of an upgrade: it belongs to the handshake`,
        ),
      )
    }
    const choice = { protocol, extensions: answerHeader(extensions) }
    const own = serverHandshakeHeaders(handshake, choice)
    const accepted: UpgradeAccepted = {
      type: 'accepted',
      headers: added.length === 0 ? own : [...own, ...added],
      start: (transport) => this.#start(transport, protocol, extensions, context),
    }
    // The session takes it again, if there is to be one.
    this.#slot?.release()
    return this.#settle(accepted)
  }

  #start(
    transport: Transport,
    protocol: string | null,
    extensions: readonly AgreedExtension[],
    context: AsyncContext | null,
  ): void {
    if (this.#slot === null) throw new Error('Cannot begin a session: nobody let it in')
    openServerSession(
      {
        call: this.#call,
        route: this.#route,
        protocol,
        extensions,
        context,
        environment: this.#facts.environment,
        home: this.#parts,
        slot: this.#slot,
        memoryBudget: this.#parts.admission().memoryBudget,
      },
      transport,
    )
  }

  /** The application's own code threw: 500 without a detail, and the log. */
  #fail(error: unknown): UpgradeOutcome {
    // Giving up because the call is over is what `signal` asks for, and no failure.
    if (this.#outcome !== null && this.#call.isEndedBy(error)) return this.#outcome
    logFailure(this.#parts.application.logger, error, 'WebSocket upgrade failed', {
      route: this.#route.path,
    })
    return this.#refuse(
      refuse(500, 'failure', 'Cannot upgrade: the server failed', { cause: error }),
    )
  }

  #abandon(reason: unknown): UpgradeOutcome {
    const outcome = this.#refuse(
      refuse(503, 'abandoned', 'Cannot upgrade: the client left', { cause: reason }),
    )
    rootContext.run(() => this.#call.end(() => reason))
    return outcome
  }

  #startDeadline(): WheelTimer {
    const { handshakeTimeout } = this.#route
    return this.#facts.environment.timers.schedule(handshakeTimeout, () => {
      const error = new HandshakeTimeoutError(handshakeTimeout)
      this.#refuse(
        refuse(503, 'timeout', 'Cannot upgrade: the server took too long', { cause: error }),
      )
      rootContext.run(() => this.#call.end(() => error))
    })
  }

  #refuse(refusal: Refusal): UpgradeOutcome {
    if (this.#outcome !== null) return this.#outcome
    const outcome = this.#settle(toOutcome(refusal, this.#call.responseHeaders))
    this.#slot?.release()
    const { monitor, counters } = this.#parts
    counters.upgradeRefused(refusal.reason, refusal.cause)
    if (monitor.hears('upgradeRefused')) {
      const { status, reason, cause } = refusal
      const { request } = this.#call
      const facts = { request, route: this.#route.path, status, reason, cause }
      rootContext.run(() => monitor.emit('upgradeRefused', facts))
    }
    return outcome
  }

  /** The first answer is the one that counts. @returns it. */
  #settle(outcome: UpgradeOutcome): UpgradeOutcome {
    if (this.#outcome !== null) return this.#outcome
    this.#outcome = outcome
    this.#parts.admission().memoryBudget?.reserve(-this.#reserved)
    this.#waiting?.resolve(outcome)
    return outcome
  }
}

/** Most sessions have none, and share that. */
const NO_EXTENSIONS: readonly AgreedExtension[] = []
