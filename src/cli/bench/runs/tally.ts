/**
 * Checks the messages of one stream, which are numbered from 0.
 */

/** The faults of streams, as counts of messages. */
export interface Faults {
  /** Sent, and never received. */
  readonly lost: number
  readonly duplicate: number
  /** Received after a message with a higher number. */
  readonly reordered: number
  /** Changed on the way, or no message of this run. */
  readonly corrupt: number
}

/** One stream from one sender to one receiver. */
export class Tally {
  #next = 0
  readonly #missing = new Set<number>()
  #duplicate = 0
  #reordered = 0

  /** Takes the number of a message that has arrived. @returns whether it is new. */
  take(number: number): boolean {
    if (number >= this.#next) {
      for (let skipped = this.#next; skipped < number; skipped++) this.#missing.add(skipped)
      this.#next = number + 1
      return true
    }
    const isLate = this.#missing.delete(number)
    if (isLate) this.#reordered += 1
    else this.#duplicate += 1
    return isLate
  }

  /** @param sent how many messages the sender has sent. */
  faults(sent: number): Omit<Faults, 'corrupt'> {
    const lost = Math.max(0, sent - this.#next) + this.#missing.size
    return { lost, duplicate: this.#duplicate, reordered: this.#reordered }
  }
}
