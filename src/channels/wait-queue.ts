/**
 * Those who wait at a channel, in the order in which they came; each may leave at any time.
 *
 * A doubly linked list through the waiting objects themselves: to come and to leave takes constant
 * time and allocates nothing.
 */

/**
 * What an object needs so that it can wait in a queue, one at a time. Only the queue touches it.
 */
export interface Waiting<N> {
  previous: N | null
  next: N | null
}

/** First come, first served. */
export class WaitQueue<N extends Waiting<N>> {
  #first: N | null = null
  #last: N | null = null
  #size = 0

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /** Who came first; `null` when nobody waits. The others follow by `next`. */
  get first(): N | null {
    return this.#first
  }

  append(waiter: N): void {
    waiter.previous = this.#last
    if (this.#last === null) this.#first = waiter
    else this.#last.next = waiter
    this.#last = waiter
    this.#size++
  }

  /** `waiter` must be in this queue. */
  remove(waiter: N): void {
    if (waiter.previous === null) this.#first = waiter.next
    else waiter.previous.next = waiter.next
    if (waiter.next === null) this.#last = waiter.previous
    else waiter.next.previous = waiter.previous
    waiter.previous = null
    waiter.next = null
    this.#size--
  }

  /** Takes who came first; `null` when nobody waits. */
  shift(): N | null {
    const first = this.#first
    if (first !== null) this.remove(first)
    return first
  }
}
