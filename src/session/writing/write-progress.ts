/**
 * Whether bytes move on their way out: a sign of life of a peer that reads slowly.
 *
 * The transport shows only what it could not hand to the operating system yet. When that is gone,
 * the peer still has to take what the operating system holds, and nothing is seen of that. How long
 * it takes is estimated from how fast the rest went.
 */

import type { Clock } from '../../base/index.ts'
import type { Transport } from '../transport.ts'

/** What operating systems and proxies on the way may hold, in bytes. */
const ON_THE_WAY_BYTES = 16 * 1024 * 1024

/**
 * An operating system asks for more when a part of its buffer is free. The whole takes so many
 * times longer.
 */
const PARTS = 8

/** The estimate is never longer. */
const MAX_ON_THE_WAY_MS = 30_000

/** Watches what one transport keeps. */
export class WriteProgress {
  readonly #clock: Clock
  readonly #transport: Transport
  /** Since when the transport has kept bytes; `null` while it keeps none. */
  #since: number | null = null
  #queuedBytes = 0
  #gone = 0
  #movedAt = -Infinity

  constructor(clock: Clock, transport: Transport) {
    this.#clock = clock
    this.#transport = transport
  }

  /** Whether the transport keeps bytes. */
  get isUnderWay(): boolean {
    return this.#since !== null
  }

  /** When bytes have last moved, as far as is known. Never in the future. */
  get movedAt(): number {
    const now = this.#clock.now()
    if (this.#since !== null) this.#look(now)
    return Math.min(now, this.#movedAt)
  }

  /** The transport has kept bytes. */
  queued(): void {
    const now = this.#clock.now()
    if (this.#since === null) {
      this.#since = now
      this.#gone = 0
      this.#movedAt = now
    }
    this.#queuedBytes = this.#transport.queuedBytes
  }

  /** The transport has handed over everything. */
  drained(): void {
    if (this.#since === null) return
    const now = this.#clock.now()
    const lastedMs = now - this.#since
    this.#since = null
    const gone = this.#gone + this.#queuedBytes
    const atThatRate = gone === 0 ? 0 : (ON_THE_WAY_BYTES * lastedMs) / gone
    this.#movedAt = now + Math.min(atThatRate, PARTS * lastedMs, MAX_ON_THE_WAY_MS)
  }

  #look(now: number): void {
    const { queuedBytes } = this.#transport
    if (queuedBytes < this.#queuedBytes) {
      this.#gone += this.#queuedBytes - queuedBytes
      this.#movedAt = now
    }
    this.#queuedBytes = queuedBytes
  }
}
