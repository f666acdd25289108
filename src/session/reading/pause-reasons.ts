/**
 * Why reading is held back. There may be several reasons at once: it goes on when the last of them has gone.
 */

/**
 * - `incoming`: the handler is slow, and the channel and the read-ahead are full;
 * - `rate`: the peer sends faster than it may;
 * - `extension`: an extension is still working on what has been read.
 */
export type PauseReason = 'incoming' | 'rate' | 'extension'

const BITS: Readonly<Record<PauseReason, number>> = { incoming: 1, rate: 2, extension: 4 }

/** The reasons that hold at the moment, each at most once. */
export class PauseReasons {
  #bits = 0

  get isEmpty(): boolean {
    return this.#bits === 0
  }

  has(reason: PauseReason): boolean {
    return (this.#bits & BITS[reason]) !== 0
  }

  /** Whether `reason` holds, and no other. */
  isOnly(reason: PauseReason): boolean {
    return this.#bits === BITS[reason]
  }

  /** @returns whether it is the first: reading stops now. */
  add(reason: PauseReason): boolean {
    const wasEmpty = this.#bits === 0
    this.#bits |= BITS[reason]
    return wasEmpty
  }

  /** @returns whether it was the last: reading goes on now. `false` if it did not hold. */
  remove(reason: PauseReason): boolean {
    if ((this.#bits & BITS[reason]) === 0) return false
    this.#bits &= ~BITS[reason]
    return this.#bits === 0
  }
}
