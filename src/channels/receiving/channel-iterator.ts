/**
 * The iterator behind `for await (const value of channel)`.
 *
 * It is not an `async function*`: there, `return()` would wait behind a pending `next()`, which
 * waits for a value that may never arrive.
 */

import { handled, rejected } from '../../base/internal.ts'
import type { ChannelEnd } from '../channel-end.ts'
import { capturedPromise, type Settle, takeSettle } from './captured-promise.ts'
import { waitFor } from './promise-receiver.ts'
import { endOf, step } from './receive-as.ts'
import { NOTHING, type ReceiveCore, type Receiver } from './receive-core.ts'

/**
 * Iterates over a channel. Each step has its own result object, which callers may keep.
 *
 * The handler of an idle session waits in a step. So the iterator itself is the receiver of a step
 * that waits; further steps that wait at the same time have receivers of their own.
 */
export class ChannelIterator<T>
  implements AsyncIterableIterator<T, undefined, undefined>, Receiver<T>
{
  // For the queue of the channel
  before: Receiver<T> | null = null
  after: Receiver<T> | null = null
  /** `null` after `return()`. */
  #core: ReceiveCore<T> | null
  /** The step that waits here; `null`: none. */
  #waiting: Promise<IteratorResult<T, undefined>> | null = null
  /** Settles it. */
  #settle: Settle<IteratorResult<T, undefined>> | null = null

  constructor(core: ReceiveCore<T>) {
    this.#core = core
  }

  /** Several calls may be pending; they are served in order. */
  next(): Promise<IteratorResult<T, undefined>> {
    const core = this.#core
    if (core === null) return Promise.resolve({ done: true, value: undefined })
    const value = core.takeNext()
    if (value !== NOTHING) return Promise.resolve({ done: false, value })
    const { end } = core
    if (end !== null) return endOf(core, step<T>(), end)
    if (this.#settle !== null) return waitFor(core, step<T>(), undefined, this).promise
    const waiting = capturedPromise<IteratorResult<T, undefined>>()
    this.#settle = takeSettle()
    this.#waiting = waiting
    core.join(this)
    return waiting
  }

  /**
   * Ends the iteration and each pending `next()` without taking a value; the channel stays open.
   */
  return(): Promise<IteratorResult<T, undefined>> {
    const core = this.#core
    this.#core = null
    core?.release(this)
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  // For the channel, while a step waits here

  get owner(): this {
    return this
  }

  deliver(value: T): void {
    this.settle({ done: false, value })
  }

  end({ cause }: ChannelEnd): void {
    if (cause === null) {
      this.settle({ done: true, value: undefined })
      return
    }
    if (this.#waiting !== null) void handled(this.#waiting)
    this.settle(rejected(cause))
  }

  private settle(
    result: IteratorResult<T, undefined> | Promise<IteratorResult<T, undefined>>,
  ): void {
    const settle = this.#settle
    this.#settle = null
    this.#waiting = null
    settle?.(result)
  }
}
