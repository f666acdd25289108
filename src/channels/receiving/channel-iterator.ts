/**
 * The iterator behind `for await (const value of channel)`.
 *
 * It is not an `async function*`: there, `return()` would wait behind a pending `next()`, which
 * waits for a value that may never arrive.
 */

import type { ReceiveCore } from './receive-core.ts'
import { receiveAs, step } from './receive-as.ts'

/** Iterates over a channel. Each step has its own result object, which callers may keep. */
export class ChannelIterator<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #core: ReceiveCore<T>
  #hasReturned = false

  constructor(core: ReceiveCore<T>) {
    this.#core = core
  }

  /** Several calls may be pending; they are served in order. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#hasReturned) return Promise.resolve({ done: true, value: undefined })
    return receiveAs(this.#core, step<T>(), undefined, this)
  }

  /**
   * Ends the iteration and each pending `next()` without taking a value; the channel stays open.
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
