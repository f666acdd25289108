/**
 * How long a session may live, and how long it may be idle. Made only for sessions that have such a limit.
 */

import type { Environment, WheelTimer } from '../base/internal.ts'
import { SessionTimeoutError } from './errors.ts'
import type { SessionSettings } from './settings.ts'

/** The limits that are set in `settings`; `null` when there is none. */
export function createTimeLimits(
  environment: Environment,
  settings: SessionSettings,
  onReached: (error: SessionTimeoutError) => void,
): TimeLimits | null {
  const { idleTimeout, maxSessionDuration } = settings
  if (idleTimeout === null && maxSessionDuration === null) return null
  return new TimeLimits(environment, idleTimeout, maxSessionDuration, onReached)
}

/** The clocks of one session. */
export class TimeLimits {
  readonly #environment: Environment
  readonly #idleMs: number | null
  readonly #lifeMs: number | null
  readonly #onReached: (error: SessionTimeoutError) => void
  #idleTimer: WheelTimer | null = null
  #lifeTimer: WheelTimer | null = null
  #activeAt = 0
  #paused = false

  constructor(
    environment: Environment,
    idleMs: number | null,
    lifeMs: number | null,
    onReached: (error: SessionTimeoutError) => void,
  ) {
    this.#environment = environment
    this.#idleMs = idleMs
    this.#lifeMs = lifeMs
    this.#onReached = onReached
  }

  start(): void {
    this.active()
    const lifeMs = this.#lifeMs
    if (lifeMs !== null) {
      this.#lifeTimer = this.#environment.timers.schedule(lifeMs, () =>
        this.#onReached(new SessionTimeoutError('maxSessionDuration', lifeMs)),
      )
    }
    if (this.#idleMs !== null) this.#armIdle(this.#idleMs)
  }

  /** Something was received, or is being sent. */
  active(): void {
    if (this.#idleMs !== null) this.#activeAt = this.#environment.clock.now()
  }

  /** Reading is held back, or goes on again. Whoever has so much to say is not idle. */
  readingPaused(paused: boolean): void {
    this.#paused = paused
    this.active()
  }

  stop(): void {
    this.#idleTimer?.cancel()
    this.#lifeTimer?.cancel()
  }

  #armIdle(delayMs: number): void {
    this.#idleTimer = this.#environment.timers.schedule(delayMs, () => this.#lookIdle())
  }

  #lookIdle(): void {
    const idleMs = this.#idleMs
    if (idleMs === null) return
    const leftMs = this.#paused ? idleMs : this.#activeAt + idleMs - this.#environment.clock.now()
    if (leftMs > 0) this.#armIdle(leftMs)
    else this.#onReached(new SessionTimeoutError('idleTimeout', idleMs))
  }
}
