/**
 * The writes of one session that the operating system did not take at once. Made when the transport
 * keeps bytes for the first time.
 */

import { SessionTimeoutError } from '../errors.ts'
import type { HalfOwner } from '../half-owner.ts'
import type { Transport } from '../transport.ts'
import { WriteProgress } from './write-progress.ts'
import { WriteWatch } from './write-watch.ts'

/** Measures whether kept bytes move, and applies `writeTimeout`. */
export class KeptWrites {
  readonly #owner: HalfOwner
  readonly #transport: Transport
  readonly #progress: WriteProgress
  /** `null`: there is no `writeTimeout`, or no write has waited for it yet. */
  #watch: WriteWatch | null = null
  /** How often the operating system has taken everything that the transport kept. */
  #drains = 0

  constructor(owner: HalfOwner, transport: Transport) {
    this.#owner = owner
    this.#transport = transport
    this.#progress = new WriteProgress(owner.environment.clock, transport)
  }

  /** When bytes were last seen to move towards the peer; `-Infinity` if never. */
  get movedAt(): number {
    return this.#progress.movedAt
  }

  /** A number that grows as bytes move on from the transport to the operating system. */
  get handed(): number {
    return this.#drains * 2 ** 32 - this.#transport.queuedBytes
  }

  /** The transport kept bytes. */
  queued(): void {
    const { environment, observer, settings } = this.#owner
    observer.buffered(this.#transport.queuedBytes)
    this.#progress.queued()
    const { writeTimeout } = settings
    // Once the end has begun, `closeTimeout` watches the writes.
    if (writeTimeout === null || this.#owner.ending !== null) return
    this.#watch ??= new WriteWatch(environment, this.#progress, writeTimeout, () =>
      this.#owner.terminate(new SessionTimeoutError('writeTimeout', writeTimeout)),
    )
    this.#watch.queued()
  }

  /** The operating system has everything. */
  drained(): void {
    this.#drains += 1
    this.#progress.drained()
  }

  /** The end has begun. */
  stopWatch(): void {
    this.#watch?.stop()
  }
}
