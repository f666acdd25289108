/**
 * A subscription as an async iterator: for the server's own code.
 */

import { Deferred } from '../../base/internal.ts'
import type { Position, TopicItem } from '../kind/items.ts'
import type { Receiver, Subscription } from './subscription.ts'
import type { Taken } from './taking.ts'
import { TopicEvent } from './topic-event.ts'

/** Events are taken one by one: what is not taken stays in the ring or the log. */
const ONE = { events: 1, bytes: Infinity }

/** How a stream comes to its subscription. */
export interface StreamSource {
  /** @param ending ends the wait for the broker. */
  readonly subscribe: (receiver: Receiver, ending: AbortSignal) => Promise<Subscription>
  readonly unsubscribe: (subscription: Subscription) => void
}

/** The items of one subscription, in order. Begins to subscribe with the first `next`. */
export class EventStream<Event> implements AsyncIterableIterator<TopicItem<Event>>, Receiver {
  readonly #source: StreamSource
  readonly #signal: AbortSignal | null
  #subscription: Subscription | null = null
  #taken: readonly Taken[] = []
  #at = 0
  #woken: Deferred<void> | null = null
  #isOver = false
  /** Ends a subscribe that waits for the broker; `null` when none does. */
  #starting: AbortController | null = null
  #isStarted = false

  constructor(source: StreamSource, signal: AbortSignal | null) {
    this.#source = source
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /**
   * The place of the last item; `null` before the subscription has begun, and in a topic without
   * history.
   */
  get position(): Position | null {
    return this.#subscription?.position ?? null
  }

  async next(): Promise<IteratorResult<TopicItem<Event>, undefined>> {
    if (!this.#isStarted) await this.#start()
    for (;;) {
      this.#signal?.throwIfAborted()
      if (this.#isOver) return { done: true, value: undefined }
      const item = this.#takeNow()
      if (item !== null) return { done: false, value: item }
      this.#woken ??= new Deferred()
      await this.#woken.promise
    }
  }

  /** Ends the subscription, and a `next` that waits. */
  return(): Promise<IteratorResult<TopicItem<Event>, undefined>> {
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  ready(): void {
    this.#wake()
  }

  /** There is no session that could be closed. */
  lagged(): 'skips' {
    return 'skips'
  }

  ended(): void {
    this.#end()
  }

  async #start(): Promise<void> {
    this.#isStarted = true
    this.#signal?.throwIfAborted()
    this.#signal?.addEventListener('abort', this.#aborted, { once: true })
    const starting = new AbortController()
    this.#starting = starting
    try {
      const subscription = await this.#source.subscribe(this, starting.signal)
      this.#subscription = subscription
      if (this.#isOver) this.#source.unsubscribe(subscription)
    } catch (error) {
      // The signal of the caller, or `return`, has ended the wait.
      if (this.#isOver) return
      this.#end()
      throw error
    } finally {
      this.#starting = null
    }
  }

  #takeNow(): TopicItem<Event> | null {
    if (this.#at === this.#taken.length) {
      this.#taken = this.#subscription?.take(ONE) ?? []
      this.#at = 0
    }
    const taken = this.#taken[this.#at]
    if (taken === undefined) return null
    this.#at++
    // Published through a kind with this type of event.
    return taken instanceof TopicEvent ? (taken.item as TopicItem<Event>) : taken
  }

  #wake(): void {
    const woken = this.#woken
    this.#woken = null
    woken?.resolve()
  }

  readonly #aborted = (): void => this.#end()

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#signal?.removeEventListener('abort', this.#aborted)
    if (this.#subscription !== null) this.#source.unsubscribe(this.#subscription)
    this.#starting?.abort()
    this.#wake()
  }
}
