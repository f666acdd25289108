/**
 * The pings of one session: when one is sent, and when the silence after it has lasted too long.
 *
 * A ping goes out every period, the first one a period after the start. The first ping that nothing is
 * heard after starts the timeout; any byte from the peer ends it, not only a pong (RFC 6455 §5.5.2 lets
 * a ping serve as a keep-alive). While reading is held back the timeout stands still.
 */

import type { Environment, WheelTimer } from '../base/internal.ts'

/** What the pinger asks of its session. */
export interface PingerOwner {
  sendPing(payload: Uint8Array): void
  pingTimedOut(): void
}

const PAYLOAD_BYTES = 8

/** Pings whose answers are still of interest. Older ones are forgotten: a later answer proves as much. */
const MAX_OUTSTANDING = 8

/** By how much later pings may come early, as a part of the period, so that sessions opened together drift apart. */
const SPREAD = 1 / 8

/** How late a timer may be before we take it that this process was stopped, and not the peer. */
const STALL_MS = 1000

/** Sends pings and watches for life. */
export class Pinger {
  readonly #environment: Environment
  readonly #owner: PingerOwner
  readonly #period: number
  readonly #timeout: number
  readonly #outstanding: { readonly payload: Uint8Array; readonly sentAt: number }[] = []
  #pingTimer: WheelTimer
  #deadline: WheelTimer | null = null
  /** What was left of the timeout when reading was held back; `null` when it was not running. */
  #remaining: number | null = null
  #paused = false
  #heard = false

  /** Starts at once. `period` and `timeout` are in milliseconds, above 0. */
  constructor(environment: Environment, owner: PingerOwner, period: number, timeout: number) {
    this.#environment = environment
    this.#owner = owner
    this.#period = period
    this.#timeout = timeout
    this.#pingTimer = environment.timers.schedule(period, () => this.#ping())
  }

  /** Bytes of any kind have arrived. On the path of every read: it only makes a mark. */
  heard(): void {
    this.#heard = true
  }

  /** A pong has arrived. @returns the round-trip time if it answers one of our pings, else `null`. */
  pong(payload: Uint8Array): number | null {
    const index = this.#outstanding.findIndex((ping) => sameBytes(ping.payload, payload))
    const answered = this.#outstanding[index]
    if (answered === undefined) return null
    this.#outstanding.splice(0, index + 1)
    return this.#environment.clock.now() - answered.sentAt
  }

  /** Reading is held back: answers cannot be seen, so the timeout stands still. */
  pause(): void {
    if (this.#paused) return
    this.#paused = true
    if (this.#deadline === null) return
    this.#remaining = Math.max(0, this.#deadline.dueAt - this.#environment.clock.now())
    this.#deadline.cancel()
    this.#deadline = null
  }

  /** Reading goes on. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#remaining === null) return
    this.#arm(this.#remaining)
    this.#remaining = null
  }

  /** No more pings, no more timeouts. */
  stop(): void {
    this.#pingTimer.cancel()
    this.#deadline?.cancel()
    this.#deadline = null
    this.#remaining = null
  }

  #ping(): void {
    const payload = this.#environment.random(new Uint8Array(PAYLOAD_BYTES))
    if (this.#outstanding.length === MAX_OUTSTANDING) this.#outstanding.shift()
    this.#outstanding.push({ payload, sentAt: this.#environment.clock.now() })
    const early = ((payload[0] ?? 0) / 256) * SPREAD * this.#period
    this.#pingTimer = this.#environment.timers.schedule(this.#period - early, () => this.#ping())
    this.#watch()
    this.#owner.sendPing(payload)
  }

  /** Starts the timeout, unless it runs already and nothing has been heard since it was started. */
  #watch(): void {
    const running = this.#deadline !== null || this.#remaining !== null
    if (running && !this.#heard) return
    this.#heard = false
    if (this.#paused) this.#remaining = this.#timeout
    else this.#arm(this.#timeout)
  }

  #arm(delayMs: number): void {
    this.#deadline?.cancel()
    this.#deadline = this.#environment.timers.schedule(delayMs, () => this.#expire())
  }

  #expire(): void {
    const late = this.#environment.clock.now() - (this.#deadline?.dueAt ?? 0)
    this.#deadline = null
    if (this.#heard) return
    // Our own process stood still: what the peer sent meanwhile has not been read yet.
    if (late > STALL_MS) this.#arm(STALL_MS)
    else this.#owner.pingTimedOut()
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
