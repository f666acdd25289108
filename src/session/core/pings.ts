/**
 * The pings of one session: their times, which the handler may change, and the current pinger.
 *
 * Made only for sessions that send pings, or whose handler asks for their times.
 */

import type { Environment } from '../../base/internal.ts'
import { CloseReason } from '../../protocol/internal.ts'
import type { SessionSettings } from '../settings.ts'
import { Pinger, type PingPath } from './pinger.ts'

/** The reason of the Close frame after a ping was not answered. */
export const PING_TIMEOUT: CloseReason = new CloseReason(
  CloseReason.Codes.INTERNAL_ERROR,
  'Ping timeout',
)

/** The pings of one session. */
export class Pings {
  /** In milliseconds; `null`: no pings. */
  interval: number | null
  /** In milliseconds. */
  timeout: number
  /** The round-trip time of the newest answered ping, in milliseconds; `null`: none. */
  roundTripTime: number | null = null
  readonly #environment: Environment
  readonly #path: PingPath
  readonly #timedOut: (timeoutMs: number) => void
  /** Called for each pong; `null`: none. */
  #listener: ((payload: Uint8Array) => void) | null = null
  /** `null` while no pings are sent. */
  #pinger: Pinger | null = null
  #isRunning = false
  #isPaused = false

  /** @param timedOut called when a ping was not answered within `timeoutMs`. */
  constructor(
    environment: Environment,
    settings: SessionSettings,
    path: PingPath,
    timedOut: (timeoutMs: number) => void,
  ) {
    this.#environment = environment
    this.#path = path
    this.#timedOut = timedOut
    this.interval = settings.pingInterval
    this.timeout = settings.timeout
  }

  /** Begins to ping. */
  start(): void {
    this.#isRunning = true
    this.restart()
  }

  /** Changes the times. The next ping is sent one interval from now. */
  set(interval: number | null, timeout: number): void {
    this.interval = interval
    this.timeout = timeout
    this.restart()
  }

  /** The transport is not read for the moment, or is read again. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    if (isPaused) this.#pinger?.pause()
    else this.#pinger?.resume()
  }

  /**
   * A pong has arrived.
   *
   * @returns the round-trip time in milliseconds if it answers our ping, else `null`.
   */
  ponged(payload: Uint8Array): number | null {
    const roundTripMs = this.#pinger?.pong(payload) ?? null
    this.roundTripTime = roundTripMs ?? this.roundTripTime
    this.#listener?.(payload)
    return roundTripMs
  }

  /** Calls `listener`, which must not throw, for each pong from now on. */
  listen(listener: (payload: Uint8Array) => void): void {
    this.#listener = listener
  }

  /** Stops the pings and the timeout. */
  stop(): void {
    this.#isRunning = false
    this.restart()
  }

  private restart(): void {
    this.#pinger?.stop()
    this.#pinger = null
    const { interval, timeout } = this
    if (!this.#isRunning || interval === null) return
    this.#pinger = new Pinger(this.#environment, this.#path, interval, timeout, this.#timedOut)
    if (this.#isPaused) this.#pinger.pause()
  }
}
