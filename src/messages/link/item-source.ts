/**
 * The sending end of a stream or an upload: asks its iterable for the next item only when there
 * is credit for it.
 */

import { Deferred } from '../../base/internal.ts'
import type { Codec } from '../codec.ts'
import { ignore } from './outbox.ts'
import type { Wire } from './port.ts'

/** What is iterated. */
export type Items = AsyncIterable<unknown> | Iterable<unknown>

/** Reads one iterable at the pace of the peer. */
export class ItemSource {
  #credit: number
  #iterator: AsyncIterator<unknown, unknown> | Iterator<unknown, unknown> | null = null
  #isStopped = false
  /**
   * What the loop waits for at the moment: credit, or the next item. `null` in the place of either:
   * stopped.
   */
  #wait: Deferred<IteratorResult<unknown, unknown> | null> | null = null

  /** @param credit how many items the peer takes at first. */
  constructor(credit: number) {
    this.#credit = credit
  }

  /** The peer takes so many items more. */
  grant(items: number): void {
    this.#credit += items
    if (this.#iterator !== null && this.#credit === items) this.#wait?.resolve(null)
  }

  /**
   * Takes items until the end, and hands each to `emit`.
   *
   * @returns what the iterator returned at its end; `null` if it was stopped before.
   * @throws (by rejecting) what the iterable or `emit` throws; the iterator has then returned, or
   *   is about to.
   */
  async run(
    items: Items,
    emit: (item: unknown) => Promise<void> | void,
  ): Promise<{ readonly value: unknown } | null> {
    const iterator =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
    this.#iterator = iterator
    // Stopped before it began: the iterator learns of it all the same.
    if (this.#isStopped) this.#leave()
    while (!this.#isStopped) {
      if (this.#credit === 0) {
        await this.#waiting().promise
        continue
      }
      const step = await this.#next(iterator)
      if (step === null) break
      if (step.done === true) {
        this.#isStopped = true
        return { value: step.value }
      }
      this.#credit--
      try {
        await emit(step.value)
      } catch (error) {
        this.stop()
        throw error
      }
    }
    return null
  }

  /**
   * Ends the loop at once. `return` of the iterator is called without waiting for the item that it
   * is making.
   */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    if (this.#iterator !== null) this.#leave()
    this.#wait?.resolve(null)
  }

  /** The next step; `null` once this is stopped. */
  #next(
    iterator: AsyncIterator<unknown, unknown> | Iterator<unknown, unknown>,
  ): Promise<IteratorResult<unknown, unknown> | null> {
    const wait = this.#waiting()
    Promise.resolve(iterator.next()).then(
      (step) => wait.resolve(step),
      (error: unknown) => {
        this.#isStopped = true
        wait.reject(error)
      },
    )
    return wait.promise
  }

  #waiting(): Deferred<IteratorResult<unknown, unknown> | null> {
    this.#wait = new Deferred()
    return this.#wait
  }

  #leave(): void {
    try {
      // What it throws while it is left has no reader any more.
      Promise.resolve(this.#iterator?.return?.()).catch(ignore)
    } catch {
      // As above, of an iterator that is not async.
    }
  }
}

/**
 * An item of a stream or an upload. Bytes travel in a frame of their own where the codec is a
 * text.
 *
 * @throws what the codec throws for a value that its format does not have.
 */
export function encodeItem(codec: Codec, id: number, data: unknown): Wire {
  if (!(data instanceof Uint8Array) || codec.frame === 'binary') {
    return codec.encode({ type: '.item', id, data })
  }
  const frame = new Uint8Array(4 + data.length)
  new DataView(frame.buffer).setUint32(0, id)
  frame.set(data, 4)
  return frame
}
