/**
 * The events of one topic in a client: the items that its reader has not taken, and the position
 * after which the topic continues.
 */

import { addAbortListener, Deferred, removeAbortListener } from '../../base/internal.ts'
import type { From, Position, TopicItem } from '../kind/items.ts'

/** With more items, the client unsubscribes until the reader has taken them. */
const MAX_ITEMS = 256

/** What a feed asks of its connection. */
export interface FeedOwner {
  /** Subscribes after the position of the feed. */
  subscribe(feed: ClientFeed): void
  unsubscribe(feed: ClientFeed): void
}

/** One topic that is received. */
export class ClientFeed {
  readonly topic: string
  /** Whether the server has subscribed the client by itself. */
  readonly isServed: boolean
  readonly #owner: FeedOwner
  readonly #from: From
  #items: TopicItem[] = []
  /**
   * After the newest item that has come; `null` before the first `subscribed`, and without history.
   */
  #received: Position | null = null
  /** After the newest item that was taken. */
  #taken: Position | null = null
  #hasReader = false
  #isSuspended = false
  #woken: Deferred<void> | null = null
  #end: { readonly error: Error | null } | null = null

  constructor(topic: string, from: From, owner: FeedOwner, isServed: boolean) {
    this.topic = topic
    this.isServed = isServed
    this.#from = from
    this.#owner = owner
  }

  get hasReader(): boolean {
    return this.#hasReader
  }

  /** Whether the feed is unsubscribed until its reader has caught up. */
  get isSuspended(): boolean {
    return this.#isSuspended
  }

  /** Where the feed continues: after the newest item, or where it began if none has come. */
  get from(): From {
    return this.#received ?? this.#from
  }

  get position(): Position | null {
    return this.#taken
  }

  /** The server has begun the subscription. */
  subscribed(position: Position | null, resumed: boolean): void {
    const before = this.#received
    const isElsewhere =
      position !== null &&
      before !== null &&
      (position.epoch !== before.epoch || position.offset > before.offset)
    // A subscription that the server has made begins again with each connection.
    if (isElsewhere && !resumed && this.isServed) {
      const { epoch, offset } = position
      const isSame = epoch === before.epoch
      const gap = {
        type: 'gap',
        after: before.offset,
        before: offset + 1,
        missed: isSame ? offset - before.offset : null,
        reason: isSame ? 'broker' : 'epoch',
        epoch,
      } as const
      this.#push(gap)
    }
    if (before === null || (isElsewhere && !resumed)) this.#received = position
    this.#taken ??= position
  }

  /** An item has come. */
  receive(item: TopicItem): void {
    if (this.#isSuspended || this.#end !== null) return
    if (item.type === 'event' && item.offset !== null && this.#received !== null) {
      if (item.offset <= this.#received.offset) return
      this.#received = { epoch: this.#received.epoch, offset: item.offset }
    } else if (item.type === 'gap' && item.epoch !== null && item.before !== null) {
      this.#received = { epoch: item.epoch, offset: item.before - 1 }
    }
    this.#push(item)
    if (this.#items.length > MAX_ITEMS) this.#suspend()
  }

  /** Ends the feed. The reader gets the items that have come, and then `error`. */
  end(error: Error | null): void {
    this.#end ??= { error }
    this.#wake()
  }

  /** The reader: one at a time. Leaving it ends the subscription. */
  read(signal: AbortSignal | null): AsyncIterableIterator<TopicItem> {
    this.#hasReader = true
    const aborted = (): void => this.#wake()
    if (signal !== null) addAbortListener(signal, aborted)
    let isOver = false
    const leave = (): void => {
      if (isOver) return
      isOver = true
      if (signal !== null) removeAbortListener(signal, aborted)
      this.#hasReader = false
      if (!this.isServed) this.#owner.unsubscribe(this)
      this.#wake()
    }
    const next = async (): Promise<IteratorResult<TopicItem, undefined>> => {
      for (;;) {
        if (isOver) return { done: true, value: undefined }
        const item = signal?.aborted === true ? undefined : this.#take()
        if (item !== undefined) return { done: false, value: item }
        if (this.#end !== null || signal?.aborted === true) {
          leave()
          signal?.throwIfAborted()
          if (this.#end?.error) throw this.#end.error
        } else {
          this.#woken ??= new Deferred()
          await this.#woken.promise
        }
      }
    }
    const iterator: AsyncIterableIterator<TopicItem> = {
      next,
      return: () => {
        leave()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  #take(): TopicItem | undefined {
    const item = this.#items.shift()
    if (item !== undefined) this.#took(item)
    else if (this.#isSuspended) {
      this.#isSuspended = false
      this.#owner.subscribe(this)
    }
    return item
  }

  #took(item: TopicItem): void {
    if (item.type === 'event' && item.offset !== null && this.#taken !== null) {
      this.#taken = { epoch: this.#taken.epoch, offset: item.offset }
    } else if (item.type === 'gap' && item.epoch !== null && item.before !== null) {
      this.#taken = { epoch: item.epoch, offset: item.before - 1 }
    }
  }

  /** The reader is slow: drops the items, and asks for them again when the reader has caught up. */
  #suspend(): void {
    const missed = this.#items.filter(({ type }) => type === 'event').length
    if (this.isServed || this.#taken === null) {
      this.#items = [
        { type: 'gap', after: null, before: null, missed, reason: 'lagging', epoch: null },
      ]
      return
    }
    this.#items = []
    this.#received = this.#taken
    this.#isSuspended = true
    this.#owner.unsubscribe(this)
    this.#wake()
  }

  #push(item: TopicItem): void {
    this.#items.push(item)
    this.#wake()
  }

  #wake(): void {
    const woken = this.#woken
    this.#woken = null
    woken?.resolve()
  }
}
