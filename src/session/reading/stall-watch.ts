/**
 * Checks a session whose reading is held back for long, about twice a second.
 *
 * No operating system reports the end of a connection that is not read. A probe of the transport
 * finds a connection that was reset. An unsolicited Pong (RFC 6455 §5.5.3) makes the machine of a
 * peer that has gone answer with a reset. The timer keeps the process alive, as the socket does
 * while it is read.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import { EMPTY_BYTES, FrameType } from '../../protocol/internal.ts'
import type { WriteHalf } from '../writing/write-half.ts'

/** How often the session is checked, in milliseconds. */
const CHECK_MS = 450

/**
 * The least time between two Pongs, in milliseconds. A peer that has gone is then found within two
 * seconds.
 */
const PONG_MS = 900

/** The reading of a session, as the watch sees it. */
export interface StalledReading {
  /** Whether reading is held back at the moment. */
  readonly isHeld: () => boolean
  /** Whether only an extension delays the end of the session. */
  readonly endWaits: () => boolean
  /** Reading has been held back for long. */
  readonly check: () => void
}

/** Watches one session. Made when its reading is first held back. */
export class StallWatch {
  readonly #environment: Environment
  readonly #write: Pick<WriteHalf, 'transport' | 'bufferedAmount' | 'control'>
  readonly #reading: StalledReading
  #timer: WheelTimer | null = null
  #isStopped = false
  /** Whether reading has continued since the last check, even for a moment. */
  #hasRun = false
  /** Whether reading was held back at the last check. */
  #wasHeld = false
  #pongAt = -Infinity

  constructor(
    environment: Environment,
    write: Pick<WriteHalf, 'transport' | 'bufferedAmount' | 'control'>,
    reading: StalledReading,
  ) {
    this.#environment = environment
    this.#write = write
    this.#reading = reading
  }

  /** Reading is held back: checks until it is not. */
  start(): void {
    if (this.#isStopped) return
    this.#timer ??= this.#environment.waitingTimers.schedule(CHECK_MS, () => this.#fired())
  }

  /** Reading continues. */
  resumed(): void {
    this.#hasRun = true
  }

  /** Finds out whether the connection has been reset. */
  probe(): void {
    this.#write.transport.probe()
    const now = this.#environment.clock.now()
    if (now - this.#pongAt < PONG_MS) return
    this.#pongAt = now
    if (this.#write.bufferedAmount === 0) this.#write.control(FrameType.PONG, EMPTY_BYTES)
  }

  /** The connection is gone. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#timer = null
  }

  #fired(): void {
    this.#timer = null
    const isHeld = this.#reading.isHeld()
    // Held back all the time, or at two checks: a slow handler lets in a frame now and then. An
    // extension that makes progress may go on.
    const isDue = isHeld && (!this.#hasRun || (this.#wasHeld && !this.#reading.endWaits()))
    this.#hasRun = false
    this.#wasHeld = isHeld
    if (isDue) this.#reading.check()
    if (this.#reading.isHeld()) this.start()
  }
}
