/**
 * The limits on how long a session may live, and how long it may be idle. Made only for sessions
 * with such a limit.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import { PatientTimer, type TimerOwner } from '../patient-timer.ts'
import type { SessionSettings } from '../settings.ts'

/** The two halves of a session, as its time limits see them. */
export interface TimedPath {
  readonly read: {
    /** When bytes last arrived, in whole milliseconds; `null`: never. */
    readonly receivedAt: number | null
    /** `null`: reading has never been held back. */
    readonly heldBack: { readonly isHeldBack: boolean } | null
  }
  readonly write: {
    /** `null`: nothing has ever had to wait. */
    readonly backlog: {
      /** When bytes that had waited last moved towards the peer; `-Infinity` if never. */
      readonly movedOutAt: number
    } | null
  }
}

/** Ends the session because of a limit. */
type TimeIsUp = (limit: 'idleTimeout' | 'maxSessionDuration', limitMs: number) => void

/** Returns the limits that `settings` contains; `null` if there are none. */
export function createTimeLimits(
  environment: Environment,
  settings: SessionSettings,
  path: TimedPath,
  timeIsUp: TimeIsUp,
): TimeLimits | null {
  const { idleTimeout, maxSessionDuration } = settings
  if (idleTimeout === null && maxSessionDuration === null) return null
  return new TimeLimits(environment, settings, path, timeIsUp)
}

/** The time limits of one session. */
export class TimeLimits implements TimerOwner {
  readonly #environment: Environment
  readonly #idleMs: number | null
  readonly #lifeMs: number | null
  readonly #path: TimedPath
  readonly #timeIsUp: TimeIsUp
  readonly #idleTimer: PatientTimer | null
  #lifeTimer: WheelTimer | null = null
  #activeAt = 0

  constructor(
    environment: Environment,
    { idleTimeout, maxSessionDuration }: SessionSettings,
    path: TimedPath,
    timeIsUp: TimeIsUp,
  ) {
    this.#environment = environment
    this.#idleMs = idleTimeout
    this.#lifeMs = maxSessionDuration
    this.#path = path
    this.#timeIsUp = timeIsUp
    this.#idleTimer = idleTimeout === null ? null : new PatientTimer(environment, this)
  }

  start(): void {
    this.active()
    const lifeMs = this.#lifeMs
    if (lifeMs !== null) {
      this.#lifeTimer = this.#environment.timers.schedule(lifeMs, () =>
        this.#timeIsUp('maxSessionDuration', lifeMs),
      )
    }
    if (this.#idleMs !== null) this.#idleTimer?.set(this.#idleMs)
  }

  /** The session begins, or sends a frame. The read half knows when bytes arrived. */
  active(): void {
    if (this.#idleMs !== null) this.#activeAt = this.#environment.clock.now()
  }

  stop(): void {
    this.#idleTimer?.cancel()
    this.#lifeTimer?.cancel()
  }

  /** See `TimerOwner`: checks `idleTimeout`. */
  due(): void {
    const idleMs = this.#idleMs
    if (idleMs === null) return
    const activeAt = Math.max(this.#activeAt, this.busyAt)
    const leftMs = activeAt + idleMs - this.#environment.clock.now()
    if (leftMs > 0) this.#idleTimer?.set(leftMs)
    else this.#timeIsUp('idleTimeout', idleMs)
  }

  /** When the session was last busy with something other than a send; now, if frames wait. */
  private get busyAt(): number {
    const { read, write } = this.#path
    if (read.heldBack?.isHeldBack === true) return this.#environment.clock.now()
    return Math.max(read.receivedAt ?? -Infinity, write.backlog?.movedOutAt ?? -Infinity)
  }
}
