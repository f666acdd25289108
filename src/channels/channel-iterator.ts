/**
 * The iterator behind `for await (const value of channel)`.
 *
 * Written out and not an `async function*`, which would let `return()` wait behind a `next()` that
 * waits for a value that may never come.
 */

import { type ReceiveCore, receiveAs, step } from './receiving.ts'

/** Steps through a channel. Each step has a result object of its own: callers may keep them. */
export class ChannelIterator<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #core: ReceiveCore<T>
  #hasReturned = false

  constructor(core: ReceiveCore<T>) {
    this.#core = core
  }

  /** Several calls may be pending; they are served in their order. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#hasReturned) return Promise.resolve({ done: true, value: undefined })
    return receiveAs(this.#core, step<T>(), undefined, this)
  }

  /**
   * Ends the iteration and each `next()` that waits, without having taken anything; the channel
   * stays open.
   */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#hasReturned = true
    this.#core.release(this)
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
