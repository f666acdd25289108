/**
 * One request from its first look to its answer: route, handshake, origin, interceptors, subprotocol.
 *
 * The order is such that nothing of the application's runs for a request that could not be upgraded anyway
 * (RFC 6455 §4.2), and that an answer never depends on what comes behind the refusal.
 */

import { Deferred, type Environment, type WheelTimer } from '../base/internal.ts'
import { acceptOffers, type AgreedExtension, answerHeader } from '../extensions/internal.ts'
import {
  HandshakeError,
  readServerHandshake,
  serverHandshakeHeaders,
  type ServerHandshake,
} from '../protocol/index.ts'
import type { Transport } from '../session/index.ts'
import type { Admission, ConnectionSlot } from './admission.ts'
import type { Application, ApplicationEvents } from './application.ts'
import { parseAuthority } from './authority.ts'
import { decodeParameters, UpgradeCall } from './call.ts'
import type { Counters } from './counters.ts'
import type { UpgradeAccepted, UpgradeOutcome, UpgradeRequest } from './engine.ts'
import { HandshakeTimeoutError } from './errors.ts'
import { intercept, type AsyncContext } from './interception.ts'
import { logFailure } from './logger.ts'
import type { EventMonitor } from './monitor.ts'
import { mayConnect } from './origin-policy.ts'
import {
  ENGINE_HEADERS,
  refuse,
  refuseWhileStopping,
  refuseWith,
  toOutcome,
  type Refusal,
} from './refusal.ts'
import { IncomingRequest, type OriginResolver } from './request.ts'
import { parseRequestTarget } from './request-target.ts'
import type { WebSocketRoute } from './route-scope.ts'
import type { RouteTree } from './route-tree.ts'
import { openServerSession } from './server-session.ts'
import type { SessionRegistry } from './session-registry.ts'
import { chooseSubprotocol } from './subprotocol.ts'

/** The parts of an application that upgrades work with. */
export interface UpgradeParts {
  readonly application: Application
  readonly routes: RouteTree<WebSocketRoute>
  readonly resolvers: readonly OriginResolver[]
  readonly monitor: EventMonitor<ApplicationEvents>
  readonly sessions: SessionRegistry
  readonly counters: Counters
  /** Who is let in; there is a route, so the plugin that says so is installed. */
  readonly admission: () => Admission
  readonly isStopping: () => boolean
}

/** Decides one request. Never rejects; answers at the deadline of the handshake at the latest. */
export function decideUpgrade(
  parts: UpgradeParts,
  request: UpgradeRequest,
  environment: Environment,
  signal: AbortSignal,
): Promise<UpgradeOutcome> {
  const target = parseRequestTarget(request.target)
  const match = target === null ? null : parts.routes.find(target.path)
  if (target === null || match === null) return Promise.resolve({ type: 'unclaimed' })

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
  readonly context: AsyncContext
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
  readonly #outcome = new Deferred<UpgradeOutcome>()
  /** Absent until the request has been found to be a proper one. */
  #slot: ConnectionSlot | null = null

  constructor(parts: UpgradeParts, facts: UpgradeFacts) {
    this.#parts = parts
    this.#route = facts.route
    this.#call = facts.call
    this.#facts = facts
  }

  /** Races the decision against the deadline and the client's patience; whoever is first has answered. */
  async run(signal: AbortSignal): Promise<UpgradeOutcome> {
    if (signal.aborted) {
      this.#abandon(signal.reason)
      return this.#outcome.promise
    }
    const timer = this.#startDeadline()
    const onAbort = (): void => this.#abandon(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })

    // Owned by the outcome: it settles it, or comes too late and says so in the log.
    void this.#decide().then(
      (decision) => this.#answer(decision),
      (error: unknown) => this.#fail(error),
    )
    const outcome = await this.#outcome.promise
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
    return outcome
  }

  async #decide(): Promise<Decision> {
    const tooLarge = this.#parts.admission().refusalOfHeaders(this.#facts.request.rawHeaders)
    if (tooLarge !== null) return tooLarge
    const read = this.#readHandshake()
    if (read.type === 'refused') return read
    const { handshake } = read
    if (!this.#facts.hasParameters) {
      return refuse(400, 'parameters', 'Cannot upgrade: the path is wrongly percent-encoded')
    }
    if (this.#parts.isStopping()) return refuseWhileStopping()
    const full = this.#enter()
    if (full !== null) return full
    if (!(await mayConnect(this.#route.origins, this.#call))) {
      return refuse(403, 'origin', 'Cannot upgrade: pages of this Origin are not allowed')
    }

    const { refusal, context } = await intercept(this.#route.interceptors(), this.#call)
    if (refusal !== null) return refuseWith(refusal)
    if (this.#parts.isStopping()) return refuseWhileStopping()

    const { protocols, requireProtocol } = this.#route
    const protocol = await context.run(() =>
      chooseSubprotocol(protocols, handshake.protocols, this.#call),
    )
    if (protocol === null && requireProtocol) {
      return refuse(
        400,
        'protocol',
        'Cannot upgrade: Sec-WebSocket-Protocol offers no subprotocol of this path',
      )
    }
    return { type: 'accepted', handshake, protocol, extensions: this.#agree(handshake), context }
  }

  /** Counts the connection. @returns the refusal, if there is no room for it. */
  #enter(): Refusal | null {
    const { remoteHost } = this.#call.request.origin
    const entered = this.#parts.admission().enter(remoteHost, this.#facts.environment.clock)
    if ('reason' in entered) return entered
    this.#slot = entered
    return null
  }

  /** The opening handshake, or the refusal that it deserves. */
  #readHandshake(): { readonly type: 'read'; readonly handshake: ServerHandshake } | Refusal {
    const { headers } = this.#call.request
    try {
      const { method, httpVersion, hasBody } = this.#facts.request
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
  #agree(handshake: ServerHandshake): readonly AgreedExtension[] {
    const { kind, extensions } = this.#route
    return kind === 'raw' ? [] : acceptOffers(extensions, handshake.extensions)
  }

  #answer(decision: Decision): void {
    if (decision.type === 'refused') this.#refuse(decision)
    else this.#accept(decision)
  }

  #accept({ handshake, protocol, extensions, context }: Acceptance): void {
    const added = this.#call.responseHeaders
    const reserved = added.find(([name]) => isHandshakeHeader(name))
    if (reserved !== undefined) {
      this.#fail(
        new TypeError(
          `Cannot put "${reserved[0]}" on the response of an upgrade: it belongs to the handshake`,
        ),
      )
      return
    }
    const choice = { protocol, extensions: answerHeader(extensions) }
    const accepted: UpgradeAccepted = {
      type: 'accepted',
      headers: [...serverHandshakeHeaders(handshake, choice), ...added],
      start: (transport) => this.#start(transport, protocol, extensions, context),
    }
    this.#outcome.resolve(accepted)
    // The session takes it again, if there is to be one.
    this.#slot?.release()
  }

  #start(
    transport: Transport,
    protocol: string | null,
    extensions: readonly AgreedExtension[],
    context: AsyncContext,
  ): void {
    const { path, kind, handler, settings } = this.#route
    const { monitor, sessions, counters, admission, isStopping } = this.#parts
    if (this.#slot === null) throw new Error('Cannot begin a session: nobody let it in')
    openServerSession(
      {
        call: this.#call,
        route: path,
        kind,
        handler,
        settings,
        protocol,
        extensions,
        context,
        environment: this.#facts.environment,
        monitor,
        sessions,
        counters,
        slot: this.#slot,
        memoryBudget: admission().memoryBudget,
        isStopping,
      },
      transport,
    )
  }

  /** The application's own code threw: 500 without a detail, and the log. */
  #fail(error: unknown): void {
    // Giving up because the call is over is what `signal` asks for, and no failure.
    if (this.#outcome.isSettled && this.#call.isEndedBy(error)) return
    logFailure(this.#parts.application.logger, error, 'WebSocket upgrade failed', {
      route: this.#route.path,
    })
    this.#refuse(refuse(500, 'failure', 'Cannot upgrade: the server failed', { cause: error }))
  }

  #abandon(reason: unknown): void {
    this.#refuse(refuse(503, 'abandoned', 'Cannot upgrade: the client left', { cause: reason }))
    this.#call.end(reason)
  }

  #startDeadline(): WheelTimer {
    const { handshakeTimeout } = this.#route
    return this.#facts.environment.timers.schedule(handshakeTimeout, () => {
      const error = new HandshakeTimeoutError(handshakeTimeout)
      this.#refuse(
        refuse(503, 'timeout', 'Cannot upgrade: the server took too long', { cause: error }),
      )
      this.#call.end(error)
    })
  }

  #refuse(refusal: Refusal): void {
    if (!this.#outcome.resolve(toOutcome(refusal, this.#call.responseHeaders))) return
    this.#slot?.release()
    const { monitor, counters } = this.#parts
    counters.upgradeRefused(refusal.reason, refusal.cause)
    if (!monitor.hears('upgradeRefused')) return
    const { status, reason, cause } = refusal
    const { request } = this.#call
    monitor.emit('upgradeRefused', { request, route: this.#route.path, status, reason, cause })
  }
}

/** Whether the 101 has a header of this name already, or must not have one (RFC 9110 §15.2: no body). */
function isHandshakeHeader(name: string): boolean {
  return ENGINE_HEADERS.has(name) || name.startsWith('sec-websocket-')
}
