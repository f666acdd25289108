/**
 * The queue of waiting senders or receivers, in order of arrival; each may leave at any time.
 *
 * A doubly linked list through the waiting objects themselves: adding and removing take constant
 * time and allocate nothing.
 */

/** The fields that an object needs to wait in one queue at a time. Only the queue uses them. */
export interface Waiting<N> {
  before: N | null
  after: N | null
}

/** A queue, first come, first served. */
export class WaitQueue<N extends Waiting<N>> {
  #first: N | null = null
  #last: N | null = null
  #size = 0

  /** The number of waiting objects. */
  get size(): number {
    return this.#size
  }

  /** The first waiting object; `null` if there is none. The others follow by `after`. */
  get first(): N | null {
    return this.#first
  }

  append(waiter: N): void {
    waiter.before = this.#last
    if (this.#last === null) this.#first = waiter
    else this.#last.after = waiter
    this.#last = waiter
    this.#size++
  }

  /** Removes `waiter`, which must be in this queue. */
  remove(waiter: N): void {
    if (waiter.before === null) this.#first = waiter.after
    else waiter.before.after = waiter.after
    if (waiter.after === null) this.#last = waiter.before
    else waiter.after.before = waiter.before
    waiter.before = null
    waiter.after = null
    this.#size--
  }

  /** Removes and returns the first waiting object; `null` if there is none. */
  shift(): N | null {
    const first = this.#first
    if (first !== null) this.remove(first)
    return first
  }
}
