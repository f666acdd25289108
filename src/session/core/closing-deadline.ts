/**
 * The deadline for the end of a session.
 *
 * The end may make no progress for `closeTimeout`. Progress restarts the time: at least a sixteenth
 * of the bytes that waited at the beginning has gone out, or 64 KiB have arrived (the peer may be
 * in the middle of a message). The time restarts sixteen times at most, so a peer that takes or
 * sends a little at a time cannot keep the session.
 */

import type { Clock } from '../../base/index.ts'
import type { Environment } from '../../base/internal.ts'
import { PatientTimer, type TimerOwner } from '../patient-timer.ts'

/** The two halves of a session, as the deadline sees them. */
export interface ClosingPath {
  readonly read: {
    /** Bytes that have arrived so far. */
    readonly received: number
  }
  readonly write: {
    /** Bytes that are still to go out. */
    readonly bufferedAmount: number
    /** `null`: nothing has ever had to wait. */
    readonly backlog: {
      /** When bytes that had waited last moved towards the peer; `-Infinity` if never. */
      readonly movedOutAt: number
    } | null
  }
}

const PARTS = 16
const MIN_RECEIVED_BYTES = 64 * 1024
const MAX_EXTENSIONS = 16

/** The deadline of one session's end. Made when the end begins. */
export class ClosingDeadline implements TimerOwner {
  readonly #clock: Clock
  readonly #path: ClosingPath
  readonly #timedOut: () => void
  readonly #timeoutMs: number
  readonly #timer: PatientTimer
  readonly #part: number
  /** When the time last began. */
  #begunAt: number
  #unsent: number
  #received: number
  #extensions = 0

  /** Starts at once. `timedOut` is called once, if the end takes too long. */
  constructor(
    environment: Environment,
    timeoutMs: number,
    path: ClosingPath,
    timedOut: () => void,
  ) {
    this.#clock = environment.clock
    this.#path = path
    this.#timedOut = timedOut
    this.#received = path.read.received
    this.#timeoutMs = timeoutMs
    this.#unsent = path.write.bufferedAmount
    this.#begunAt = environment.clock.now()
    this.#part = Math.max(1, this.#unsent / PARTS)
    this.#timer = new PatientTimer(environment, this)
    this.#timer.set(timeoutMs)
  }

  /** Bytes that waited were dropped, which is no progress. */
  dropped(): void {
    this.#unsent = this.#path.write.bufferedAmount
  }

  cancel(): void {
    this.#timer.cancel()
  }

  /** See `TimerOwner`. */
  due(): void {
    const { received } = this.#path.read
    const { bufferedAmount: unsent, backlog } = this.#path.write
    const isPart = this.#unsent > 0 && (unsent === 0 || this.#unsent - unsent >= this.#part)
    // Bytes that went out without waiting for the peer show nothing.
    const hasSent = isPart && (backlog?.movedOutAt ?? -Infinity) > this.#begunAt
    const hasReceived = received - this.#received >= MIN_RECEIVED_BYTES
    this.#unsent = unsent
    this.#received = received
    this.#begunAt = this.#clock.now()
    if ((hasSent || hasReceived) && this.#extensions < MAX_EXTENSIONS) {
      this.#extensions += 1
      this.#timer.set(this.#timeoutMs)
    } else {
      this.#timedOut()
    }
  }
}
