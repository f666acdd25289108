/**
 * How long a write has stood still: a peer that does not read must not hold memory for ever.
 *
 * The time begins when the transport keeps bytes that it could not hand over, and begins again when some of
 * them have gone. The timer is left to run when the transport drains, and looks again when it is due: transports
 * fill and drain much more often than writes stand still.
 */

import type { Environment, WheelTimer } from '../base/internal.ts'
import type { Transport } from './transport.ts'

/** Watches the writes of one session. */
export class WriteWatch {
  readonly #environment: Environment
  readonly #transport: Transport
  readonly #timeoutMs: number
  readonly #onStill: () => void
  #timer: WheelTimer | null = null
  /** When it last moved, as far as is known; `null` while the transport has nothing of ours. */
  #movedAt: number | null = null
  #queuedBytes = 0

  /** @param onStill a write has stood still for `timeoutMs`; called once at most. */
  constructor(
    environment: Environment,
    transport: Transport,
    timeoutMs: number,
    onStill: () => void,
  ) {
    this.#environment = environment
    this.#transport = transport
    this.#timeoutMs = timeoutMs
    this.#onStill = onStill
  }

  /** The transport has kept bytes. */
  queued(): void {
    this.#queuedBytes = this.#transport.queuedBytes
    this.#movedAt = this.#environment.clock.now()
    if (this.#timer === null) this.#arm(this.#timeoutMs)
  }

  /** The transport has handed over everything. */
  drained(): void {
    this.#movedAt = null
  }

  /** Nothing is watched any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #arm(delayMs: number): void {
    this.#timer = this.#environment.timers.schedule(delayMs, () => this.#look())
  }

  #look(): void {
    this.#timer = null
    if (this.#movedAt === null) return
    const now = this.#environment.clock.now()
    const { queuedBytes } = this.#transport
    if (queuedBytes < this.#queuedBytes) this.#movedAt = now
    this.#queuedBytes = queuedBytes
    const leftMs = this.#movedAt + this.#timeoutMs - now
    if (leftMs > 0) this.#arm(leftMs)
    else this.#onStill()
  }
}
