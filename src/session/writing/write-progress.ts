/**
 * Whether sent bytes move, which shows that a slow peer still reads.
 *
 * Only bytes that had to wait show this. Some transports keep every write for a moment (TLS,
 * HTTP/2, any Duplex). If those writes counted, each ping would look like a sign of life of its
 * own receiver.
 *
 * The transport shows only the bytes that the operating system did not take yet. The peer must also
 * take the bytes that the operating system holds, whose progress cannot be seen. The time for them
 * is estimated from the rate of the bytes that were seen to move.
 */

import type { Clock } from '../../base/index.ts'
import { MAX_CLOSE_FRAME_BYTES } from '../../protocol/internal.ts'
import type { Transport } from '../transport.ts'

/** The most bytes that operating systems and proxies may hold. */
const ON_THE_WAY_BYTES = 16 * 1024 * 1024

/**
 * An operating system takes more bytes when this part of its buffer is free: the whole buffer takes
 * this many times longer.
 */
const PARTS = 8

/** The longest estimate, in milliseconds. */
const MAX_ON_THE_WAY_MS = 30_000

/** Bytes that the transport hands over sooner have not waited for the peer. In milliseconds. */
const WAITED_MS = 100

/**
 * The same for no more than a control frame, such as our own ping. A tunnel may take a round trip
 * to its other end before it reports a write as done, whether the peer behind it lives or not.
 */
const CONTROL_WAITED_MS = 1000

/** Measures the progress of the bytes that one transport keeps. */
export class WriteProgress {
  readonly #clock: Clock
  readonly #transport: Transport
  /** The time since which the transport has kept bytes; `null` while it keeps none. */
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

  /**
   * When bytes that had waited last moved, as far as can be seen or estimated. Never in the future;
   * `-Infinity` if none ever has.
   */
  get movedAt(): number {
    const now = this.#clock.now()
    if (this.#since !== null) this.#check(now)
    return Math.min(now, this.#movedAt)
  }

  /** Since when the kept bytes have not moved. */
  get stillSince(): number {
    return Math.max(this.#since ?? -Infinity, this.movedAt)
  }

  /** The transport kept bytes. */
  queued(): void {
    if (this.#since === null) {
      this.#since = this.#clock.now()
      this.#gone = 0
    }
    this.#queuedBytes = this.#transport.queuedBytes
  }

  /** The operating system has everything. */
  drained(): void {
    if (this.#since === null) return
    const now = this.#clock.now()
    const lastedMs = now - this.#since
    this.#since = null
    const gone = this.#gone + this.#queuedBytes
    // A Close frame is as large as any control frame.
    if (lastedMs < (gone > MAX_CLOSE_FRAME_BYTES ? WAITED_MS : CONTROL_WAITED_MS)) return
    const atThatRate = gone === 0 ? 0 : (ON_THE_WAY_BYTES * lastedMs) / gone
    this.#movedAt = now + Math.min(atThatRate, PARTS * lastedMs, MAX_ON_THE_WAY_MS)
  }

  #check(now: number): void {
    const { queuedBytes } = this.#transport
    if (queuedBytes < this.#queuedBytes) {
      this.#gone += this.#queuedBytes - queuedBytes
      this.#movedAt = now
    }
    this.#queuedBytes = queuedBytes
  }
}
