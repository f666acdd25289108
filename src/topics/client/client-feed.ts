/**
 * The events of one topic in a client: the items that its reader has not taken, and the position
 * after which the topic continues.
 */

import { addAbortListener, Deferred, removeAbortListener } from '../../base/internal.ts'
import type { From, GapItem, Position, TopicItem } from '../kind/items.ts'

/** With more items, the client unsubscribes until the reader has taken them. */
const MAX_ITEMS = 256

/** A gap that the client has found by itself. */
type OwnGap = GapItem & { readonly before: number }

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
  /** Whether the position is older than the last frame: later events are still on the server. */
  #isOld = false
  /**
   * The answer that begins the subscription: the id of the newest subscribe, or `null` for a topic
   * of `hello`. `undefined` when it has come. Earlier items are of an earlier subscription.
   */
  #awaited: number | null | undefined = null
  /** What is missing before the first item, unless that is a gap of the server. */
  #gap: OwnGap | null = null
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

  /**
   * Where the feed continues: after the newest item, or where it began if none has come.
   *
   * @param away milliseconds since the last frame of the connection.
   */
  from(away: number | null): From {
    const received = this.#received
    if (received === null) return this.#from
    return away === null || this.#isOld ? received : { ...received, away }
  }

  get position(): Position | null {
    return this.#taken
  }

  /** The client has asked for a subscription, with `id` or in `hello`. */
  asked(id: number | null): void {
    this.#awaited = id
  }

  /** There is a new session: its frames do not bring the topic before the server has answered. */
  opened(): void {
    this.#isOld = true
  }

  /** The server has begun a subscription. */
  subscribed(position: Position | null, resumed: boolean, id: number | null): void {
    if (typeof this.#awaited === 'number' && this.#awaited !== id) return
    this.#awaited = undefined
    this.#isOld = this.#isSuspended
    const before = this.#received
    const isElsewhere =
      position !== null &&
      before !== null &&
      (position.epoch !== before.epoch || position.offset > before.offset)
    this.#gap = null
    // A subscription that the server has made begins again with each connection. The position
    // stays until the first item: if the connection is lost before, the next one tells the gap.
    if (isElsewhere && !resumed) {
      const { epoch, offset } = position
      const isSame = epoch === before.epoch
      this.#gap = {
        type: 'gap',
        after: before.offset,
        before: offset + 1,
        missed: isSame ? offset - before.offset : null,
        reason: isSame ? 'broker' : 'epoch',
        epoch,
      }
    }
    this.#received ??= position
    this.#taken ??= position
  }

  /** An item has come. */
  receive(item: TopicItem): void {
    if (this.#isSuspended || this.#end !== null || this.#awaited !== undefined) return
    const gap = this.#gap
    this.#gap = null
    if (gap && !tells(item, gap)) this.receive(gap)
    const before = this.#received
    if (item.type === 'event' && before !== null && (item.offset ?? Infinity) <= before.offset) {
      return
    }
    this.#received = positionAfter(item, before)
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
      // The feed is not continued: its owner forgets it.
      this.#isSuspended = false
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
    if (item !== undefined) this.#taken = positionAfter(item, this.#taken)
    else if (this.#isSuspended && this.#end === null) {
      this.#isSuspended = false
      this.#owner.subscribe(this)
    }
    return item
  }

  /**
   * The reader is slow: leaves later items on the server until the reader has taken the ones that
   * have come. Items that the server cannot bring again are dropped, and a gap tells it.
   */
  #suspend(): void {
    const missed = this.#items.filter(({ type }) => type === 'event').length
    if (this.isServed || this.#taken === null) {
      this.#items = [
        { type: 'gap', after: null, before: null, missed, reason: 'lagging', epoch: null },
      ]
      return
    }
    this.#isSuspended = true
    this.#isOld = true
    this.#owner.unsubscribe(this)
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

/** Whether `item` is a gap of the server that contains the beginning of `gap`. */
function tells(item: TopicItem, { before }: OwnGap): boolean {
  return item.type === 'gap' && (item.reason === 'epoch' || (item.after ?? 0) < before - 1)
}

/** The position after `item`, if the one before it was `position`. */
function positionAfter(item: TopicItem, position: Position | null): Position | null {
  if (item.type === 'event' && item.offset !== null && position !== null) {
    return { epoch: position.epoch, offset: item.offset }
  }
  return item.type === 'gap' && item.epoch !== null && item.before !== null
    ? { epoch: item.epoch, offset: item.before - 1 }
    : position
}
