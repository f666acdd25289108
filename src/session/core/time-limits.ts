/**
 * The limits on how long a session may live, and how long it may be idle. Made only for sessions
 * with such a limit.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import { PatientTimer } from '../patient-timer.ts'
import type { SessionSettings } from '../settings.ts'

/** The session, as its time limits see it. */
export interface TimeLimitCalls {
  /** When the session was last busy with something other than a read or a send; now, if it is. */
  readonly busyAt: () => number
  readonly timeIsUp: (limit: 'idleTimeout' | 'maxSessionDuration', limitMs: number) => void
}

/** Returns the limits that `settings` contains; `null` if there are none. */
export function createTimeLimits(
  environment: Environment,
  settings: SessionSettings,
  calls: TimeLimitCalls,
): TimeLimits | null {
  const { idleTimeout, maxSessionDuration } = settings
  if (idleTimeout === null && maxSessionDuration === null) return null
  return new TimeLimits(environment, idleTimeout, maxSessionDuration, calls)
}

/** The time limits of one session. */
export class TimeLimits {
  readonly #environment: Environment
  readonly #idleMs: number | null
  readonly #lifeMs: number | null
  readonly #calls: TimeLimitCalls
  readonly #idleTimer: PatientTimer | null
  #lifeTimer: WheelTimer | null = null
  #activeAt = 0

  constructor(
    environment: Environment,
    idleMs: number | null,
    lifeMs: number | null,
    calls: TimeLimitCalls,
  ) {
    this.#environment = environment
    this.#idleMs = idleMs
    this.#lifeMs = lifeMs
    this.#calls = calls
    this.#idleTimer =
      idleMs === null ? null : new PatientTimer(environment, () => this.#checkIdle())
  }

  start(): void {
    this.active()
    const lifeMs = this.#lifeMs
    if (lifeMs !== null) {
      this.#lifeTimer = this.#environment.timers.schedule(lifeMs, () =>
        this.#calls.timeIsUp('maxSessionDuration', lifeMs),
      )
    }
    if (this.#idleMs !== null) this.#idleTimer?.set(this.#idleMs)
  }

  /** Bytes were received, or a frame is being sent. */
  active(): void {
    if (this.#idleMs !== null) this.#activeAt = this.#environment.clock.now()
  }

  stop(): void {
    this.#idleTimer?.cancel()
    this.#lifeTimer?.cancel()
  }

  #checkIdle(): void {
    const idleMs = this.#idleMs
    if (idleMs === null) return
    const activeAt = Math.max(this.#activeAt, this.#calls.busyAt())
    const leftMs = activeAt + idleMs - this.#environment.clock.now()
    if (leftMs > 0) this.#idleTimer?.set(leftMs)
    else this.#calls.timeIsUp('idleTimeout', idleMs)
  }
}
