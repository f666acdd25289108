/**
 * The receiving end of a stream or an upload: items wait here until they are taken.
 *
 * The peer may send as many items as it has credit for. What has been taken is given back when it
 * is half of that, so that no more than `credit` items are ever on their way or unread.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { BufferedChannel } from '../../channels/internal.ts'
import { isPromise, type Validated, validateWith } from '../../schema/index.ts'

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
  readonly #schema: StandardSchemaV1 | null
  readonly #owner: SinkOwner
  readonly #credit: number
  /** Items that the peer may still send. */
  #room: number
  #taken = 0
  /** Settles when the items so far have been validated; `null`: they have. */
  #tail: Promise<void> | null = null
  #isOver = false

  /** @param schema of each item; `null`: none is validated. */
  constructor(credit: number, schema: StandardSchemaV1 | null, owner: SinkOwner) {
    this.#credit = credit
    this.#room = credit
    this.#schema = schema
    this.#owner = owner
  }

  /** One item of the peer. @returns `false` if the peer had no credit for it. */
  receive(item: unknown): boolean {
    if (this.#room === 0) return false
    this.#room--
    if (this.#isOver) return true
    try {
      const validated: Validated | Promise<Validated> =
        this.#schema === null ? { issues: null, value: item } : validateWith(this.#schema, item)
      if (this.#tail === null && !isPromise(validated)) this.#deliver(validated)
      else this.#deliverLater(Promise.resolve(validated))
    } catch (error) {
      this.#owner.invalid({ error })
    }
    return true
  }

  /**
   * No more items will come. What waits is delivered first; then the loop ends, or throws `cause`.
   */
  end(cause: Error | null = null): void {
    if (this.#tail === null) this.close(cause)
    else this.#append(() => this.close(cause))
  }

  /** As `end`, without waiting for items that are still being validated. */
  close(cause: Error | null): void {
    this.#isOver = true
    this.#channel.close(cause)
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

  /** The items as a stream, which takes one only when its reader asks. */
  readable(): ReadableStream<unknown> {
    const items = this[Symbol.asyncIterator]()
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await items.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        },
        cancel: () => this.leave(),
      },
      { highWaterMark: 0 },
    )
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

  #deliverLater(validation: Promise<Validated>): void {
    // Validated at the same time, delivered in order.
    const outcome = validation.then(
      (validated) => () => this.#deliver(validated),
      (error: unknown) => () => this.#owner.invalid({ error }),
    )
    this.#append(async () => (await outcome)())
  }

  #append(step: () => Promise<void> | void): void {
    const tail: Promise<void> = Promise.resolve(this.#tail)
      .then(step)
      .then(() => {
        if (this.#tail === tail) this.#tail = null
      })
    this.#tail = tail
  }
}
