/**
 * The receiving end of a stream or an upload: items wait here until they are taken.
 *
 * The peer may send as many items as it has credit for. What has been taken is given back when it
 * is half of that, so that no more than `credit` items are ever on their way or unread.
 */

import { BufferedChannel } from '../../channels/internal.ts'
import { type Check, isPromise, type Validated } from '../../schema/index.ts'
import { Turns } from './turns.ts'

/** What a sink asks of its owner. */
export interface SinkOwner {
  /** The peer may send so many items more. */
  grant(items: number): void
  /** The reader has left before the end. */
  left(): void
  /** An item does not match its schema, or the schema has thrown. */
  invalid(outcome: Validated | { readonly error: unknown }): void
}

/** Items in their order. */
export class ItemSink implements AsyncIterable<unknown> {
  readonly #channel = new BufferedChannel<unknown>({ capacity: Infinity })
  readonly #check: Check | null
  readonly #owner: SinkOwner
  readonly #credit: number
  /** Items whose schema has not answered, and those behind them. */
  readonly #turns = new Turns()
  /** Items that the peer may still send. */
  #room: number
  #taken = 0
  #isOver = false

  /** @param check validates each item; `null`: none is validated. */
  constructor(credit: number, check: Check | null, owner: SinkOwner) {
    this.#credit = credit
    this.#room = credit
    this.#check = check
    this.#owner = owner
  }

  /** One item of the peer. @returns `false` if the peer had no credit for it. */
  receive(item: unknown): boolean {
    if (this.#room === 0) return false
    this.#room--
    if (this.#isOver) return true
    try {
      const validated = this.#check === null ? { issues: null, value: item } : this.#check(item)
      if (this.#turns.size === 0 && !isPromise(validated)) this.#deliver(validated)
      else {
        this.#turns.add(
          validated,
          (settled) => this.#deliver(settled),
          (error) => this.#owner.invalid({ error }),
        )
      }
    } catch (error) {
      this.#owner.invalid({ error })
    }
    return true
  }

  /**
   * No more items will come. What waits is delivered first; then the loop ends, or throws `cause`.
   */
  end(cause: Error | null = null): void {
    const close = (): void => {
      this.#isOver = true
      this.#channel.close(cause)
    }
    if (this.#turns.size === 0) close()
    else this.#turns.add(undefined, close, close)
  }

  /** The reader leaves: what waits is dropped. */
  leave(): void {
    this.#channel.cancel()
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.left()
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined, undefined> {
    const items = this.#channel[Symbol.asyncIterator]()
    return {
      next: async () => {
        const step = await items.next()
        if (step.done !== true) this.#took()
        return step
      },
      return: () => {
        this.leave()
        return items.return?.() ?? Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  #took(): void {
    this.#taken++
    if (this.#isOver || this.#taken * 2 < this.#credit) return
    const items = this.#taken
    this.#taken = 0
    this.#room += items
    this.#owner.grant(items)
  }

  #deliver(validated: Validated): void {
    if (this.#isOver) return
    if (validated.issues === null) this.#channel.offer(validated.value)
    else this.#owner.invalid(validated)
  }
}

/** Makes a sink: `createSink`, or what stands for it. */
export type CreateSink = typeof createSink

/** Returns what receives the items of one stream. */
export function createSink(credit: number, check: Check | null, owner: SinkOwner): ItemSink {
  return new ItemSink(credit, check, owner)
}
