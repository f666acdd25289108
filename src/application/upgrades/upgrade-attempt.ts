/**
 * One upgrade request on its way to its outcome: the decision, the deadline or the departure of the
 * client, whichever comes first.
 */

import { Deferred, type Environment, type WheelTimer } from '../../base/internal.ts'
import { answerHeader } from '../../extensions/internal.ts'
import { rootContext } from '../async-context.ts'
import type { UpgradeCall } from '../calls/call.ts'
import type { UpgradeOutcome } from '../engine.ts'
import { HandshakeTimeoutError } from '../errors.ts'
import { logFailure } from '../logger.ts'
import { AcceptedUpgrade } from './accepted-upgrade.ts'
import {
  type Acceptance,
  decide,
  type Decision,
  type RoutedRequest,
  type UpgradeDependencies,
} from './decision.ts'
import { acceptingHeaders } from './opening-handshake.ts'
import { isHandshakeHeader, refuse, type Refusal, toOutcome } from './refusal.ts'

/** Decides one request that has a route, once. */
export class UpgradeAttempt implements RoutedRequest {
  readonly dependencies: UpgradeDependencies
  readonly call: UpgradeCall
  readonly environment: Environment
  readonly hasParameters: boolean
  /** The refusal that is the answer; `null`: there is none, or the answer is another. */
  refusal: Refusal | null = null
  /** The first answer. Later ones are ignored. */
  #outcome: UpgradeOutcome | null = null
  /** Resolves with the answer, if the decision is asynchronous. */
  #waiting: Deferred<UpgradeOutcome> | null = null
  /** Whether the connection is counted among those of the application. */
  #isCounted = false
  /** What is counted for the request until there is an answer. */
  #reserved = 0

  constructor(
    dependencies: UpgradeDependencies,
    call: UpgradeCall,
    environment: Environment,
    hasParameters: boolean,
  ) {
    this.dependencies = dependencies
    this.call = call
    this.environment = environment
    this.hasParameters = hasParameters
  }

  run(signal: AbortSignal | (() => AbortSignal)): Promise<UpgradeOutcome> | UpgradeOutcome {
    if (typeof signal !== 'function' && signal.aborted) return this.#abandon(signal.reason)
    try {
      const decision = decide(this)
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
    this.call.raw.watchEarlyBytes?.((bytes) => this.#reserve(bytes))

    // The decision settles the outcome. A failure that comes too late is logged.
    void deciding
      .then((decision) => this.#answer(decision))
      .catch((error: unknown) => this.#fail(error))
    const outcome = await promise
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
    return outcome
  }

  /** See `RoutedRequest`. */
  admit(): Refusal | null {
    const { call, environment } = this
    const { connectionLimit, earlyBytes = 0 } = call.raw
    const admission = this.dependencies.admission()
    if (connectionLimit !== undefined) return admission.refusalOfConnection(connectionLimit)
    const refusal = admission.enter(call.remoteHost, environment)
    if (refusal !== null) return refusal
    this.#isCounted = true
    this.#reserve(call.headBytes + earlyBytes)
    return null
  }

  /** See `UpgradeAccepted.abandon`. */
  abandon(failure: unknown): void {
    this.#report(failure === null ? departure(endReason()) : breakdown(failure))
  }

  /** Reserves memory for the request until the decision. */
  #reserve(bytes: number): void {
    if (this.#outcome !== null) return
    this.#reserved += bytes
    this.dependencies.admission().memoryBudget?.reserve(bytes)
  }

  #answer(decision: Decision): UpgradeOutcome {
    return decision.type === 'refused' ? this.#refuse(decision) : this.#accept(decision)
  }

  #accept(acceptance: Acceptance): UpgradeOutcome {
    const added = this.call.responseHeaders
    const reserved = added.find(([name]) => isHandshakeHeader(name))
    if (reserved !== undefined) {
      return this.#fail(
        new TypeError(
          `Cannot put "${reserved[0]}" on the response of an upgrade: the engine or the handshake sets it, expected another header`,
        ),
      )
    }
    if (this.#outcome !== null) return this.#outcome
    const { handshake, protocol, extensions } = acceptance
    const choice = { protocol, extensions: answerHeader(extensions) }
    const own = acceptingHeaders(this.call.raw, handshake, choice)
    const headers = added.length === 0 ? own : [...own, ...added]
    // The session counts it again when it starts.
    this.#leave()
    return this.#settle(new AcceptedUpgrade(headers, this, acceptance))
  }

  /** Refuses with 500 and no details after the application's code threw, and logs the error. */
  #fail(error: unknown): UpgradeOutcome {
    // Code that throws because `signal` aborted has not failed.
    if (this.#outcome !== null && this.call.isEndedBy(error)) return this.#outcome
    logFailure(this.dependencies.application.logger, error, 'WebSocket upgrade failed', {
      route: this.call.route.path,
    })
    return this.#refuse(breakdown(error))
  }

  #abandon(reason: unknown): UpgradeOutcome {
    return this.#refuse(departure(reason))
  }

  #startDeadline(): WheelTimer {
    const { handshakeTimeout } = this.call.route
    return this.environment.timers.schedule(handshakeTimeout, () => {
      const error = new HandshakeTimeoutError(handshakeTimeout)
      this.#refuse(
        refuse(503, 'timeout', 'Cannot upgrade: the server took too long', { cause: error }),
      )
    })
  }

  #refuse(refusal: Refusal): UpgradeOutcome {
    if (this.#outcome !== null) return this.#outcome
    this.refusal = refusal
    const outcome = this.#settle(toOutcome(refusal, this.call.responseHeaders))
    this.#leave()
    this.#report(refusal)
    return outcome
  }

  /** Counts a refusal, tells listeners, and ends the call. */
  #report(refusal: Refusal): void {
    const { monitor, counters } = this.dependencies
    counters.upgradeRefused(refusal.reason, refusal.cause)
    if (monitor.hasListeners('upgradeRefused')) {
      const { status, reason, cause } = refusal
      const { request } = this.call
      const facts = { request, route: this.call.route.path, status, reason, cause }
      rootContext.run(() => monitor.emit('upgradeRefused', facts))
    }
    let reason = refusal.cause
    rootContext.run(() => this.call.end(() => (reason ??= endReason())))
  }

  /** Sets the outcome if there is none yet. @returns the outcome. */
  #settle(outcome: UpgradeOutcome): UpgradeOutcome {
    if (this.#outcome !== null) return this.#outcome
    this.#outcome = outcome
    this.dependencies.admission().memoryBudget?.reserve(-this.#reserved)
    this.#waiting?.resolve(outcome)
    return outcome
  }

  #leave(): void {
    if (!this.#isCounted) return
    this.#isCounted = false
    this.dependencies.admission().leave(this.call.remoteHost)
  }
}

/** The client has left. */
function departure(cause: unknown): Refusal {
  return refuse(503, 'abandoned', 'Cannot upgrade: the client left', { cause })
}

/** Code of the application has thrown. The client gets no details. */
function breakdown(cause: unknown): Refusal {
  return refuse(500, 'failure', 'Cannot upgrade: the server failed', { cause })
}

/** The reason of a call that ends without an error: that of an `AbortController`. */
function endReason(): unknown {
  return AbortSignal.abort().reason
}
