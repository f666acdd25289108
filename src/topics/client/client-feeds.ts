/**
 * The topics that a client receives: one feed each.
 */

import { quoteName } from '../../base/internal.ts'
import type { SubscriptionRefusedError } from '../errors.ts'
import type { From, TopicItem } from '../kind/items.ts'
import type { ServerMessage } from '../wire/messages.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientFields } from './client-encodings.ts'
import { ClientFeed } from './client-feed.ts'
import { itemOf } from './received-events.ts'

type Subscribed = Extract<ServerMessage, { type: 'subscribed' }>

/** The feeds of one client. */
export class ClientFeeds {
  /** A function: the connection is made after its parts. */
  readonly #connection: () => ClientConnection
  readonly #feeds = new Map<string, ClientFeed>()
  /**
   * The topics without an answer, by the ids of their subscribes. A topic of `hello` is here by its
   * name, and is answered once: later messages without an id are about subscriptions that the
   * server has made by itself.
   */
  readonly #asked = new Map<number | string, string>()
  /** The feeds whose topics are in the newest `hello`. */
  #resumed: readonly ClientFeed[] = []
  /** Milliseconds without a connection before the newest `hello`, if there was one before. */
  #away: number | null = null

  constructor(connection: () => ClientConnection) {
    this.#connection = connection
  }

  /** @returns `undefined` for a topic that nothing reads. */
  find(topic: string): ClientFeed | undefined {
    return this.#feeds.get(topic)
  }

  /** @throws {TypeError} if another loop reads the topic. */
  read(topic: string, from: From, signal: AbortSignal | null): AsyncIterableIterator<TopicItem> {
    let feed = this.#feeds.get(topic)
    if (feed?.hasReader === true) {
      throw new TypeError(`Cannot read ${quoteName(topic)}: another loop reads it`)
    }
    if (feed === undefined) {
      feed = this.#add(topic, from, false)
      const { end } = this.#connection()
      if (end === null) this.#subscribe(feed)
      else this.end(topic, end.error)
    }
    return feed.read(signal)
  }

  /** The topics to resume on a new session: `max` at most, in its `hello`. */
  resumed(away: number | null, max: number): readonly ClientFields[] {
    this.#away = away
    this.#asked.clear()
    const feeds = [...this.#feeds.values()]
    for (const feed of feeds) feed.asked(null)
    this.#resumed = feeds.filter(isWanted).slice(0, max)
    return this.#resumed.map((feed) => {
      const { topic } = feed
      this.#asked.set(topic, topic)
      return { topic, from: feed.from(away) }
    })
  }

  /** The server has answered `hello`: subscribes to what was not in it. */
  opened(): void {
    const resumed = this.#resumed
    for (const feed of resumed) {
      if (this.#feeds.get(feed.topic) !== feed || !isWanted(feed)) this.#unsubscribe(feed.topic)
    }
    for (const feed of this.#feeds.values()) {
      if (isWanted(feed) && !resumed.includes(feed)) this.#subscribe(feed, this.#away)
      feed.opened()
    }
  }

  subscribed({ id, topic, epoch, offset, resumed }: Subscribed): void {
    const isAsked = this.#asked.delete(id ?? topic)
    const position = epoch === null || offset === null ? null : { epoch, offset }
    let feed = this.#feeds.get(topic)
    if (feed === undefined) {
      // The loop may have ended since. Otherwise the server has subscribed the client by itself.
      if (id !== null || isAsked) return
      feed = this.#add(topic, 'now', true)
    }
    feed.subscribed(position, resumed, id)
  }

  receive(message: Extract<ServerMessage, { type: 'event' | 'gap' | 'skipped' | 'live' }>): void {
    const { topic, ...item } = message
    this.#feeds.get(topic)?.receive(item.type === 'event' ? itemOf(item) : item)
  }

  /** The server has refused a subscribe, by its id or by its topic in `hello`. */
  refused(
    id: number | null,
    topic: string | null,
    retryAfter: number | null,
    error: (topic: string) => SubscriptionRefusedError,
  ): void {
    const key = id ?? topic ?? ''
    const feed = this.#feeds.get(this.#asked.get(key) ?? '')
    this.#asked.delete(key)
    if (feed === undefined) return
    if (retryAfter === null) {
      this.end(feed.topic, error(feed.topic))
      return
    }
    this.#connection().later(retryAfter, () => {
      if (this.#feeds.get(feed.topic) === feed && isWanted(feed)) this.#subscribe(feed)
    })
  }

  /** Ends the feed of a topic, if there is one. */
  end(topic: string, error: Error | null): void {
    const feed = this.#feeds.get(topic)
    this.#feeds.delete(topic)
    feed?.end(error)
  }

  endAll(error: Error | null): void {
    for (const topic of this.#feeds.keys()) this.end(topic, error)
  }

  #add(name: string, from: From, isServed: boolean): ClientFeed {
    const feed: ClientFeed = new ClientFeed(
      name,
      from,
      {
        subscribe: (each) => this.#subscribe(each),
        unsubscribe: (each) => {
          // The feed may have ended, and another loop may read the topic since.
          if (this.#feeds.get(name) !== each) return
          if (!each.isSuspended) this.#feeds.delete(name)
          this.#unsubscribe(name)
        },
      },
      isServed,
    )
    this.#feeds.set(name, feed)
    return feed
  }

  #subscribe(feed: ClientFeed, away: number | null = null): void {
    const { topic } = feed
    const from = feed.from(away)
    const id = this.#connection().request({ type: 'subscribe', topic, from })
    // Without a session, `hello` asks for the topic or has asked: its answer has no id.
    feed.asked(id)
    if (id !== null) this.#asked.set(id, topic)
  }

  #unsubscribe(topic: string): void {
    this.#connection().request({ type: 'unsubscribe', topic })
  }
}

/** Whether the client has to ask for the topic. */
function isWanted({ isServed, isSuspended }: ClientFeed): boolean {
  return !isServed && !isSuspended
}
