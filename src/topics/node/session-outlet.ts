/**
 * The outlet of one session: all of its subscriptions send through it, in turn, and none of them holds up another
 * session. A session that is full is left alone until it has room again.
 */

import { Deferred } from '../../base/internal.ts'
import type { Outbound, WebSocketSession } from '../../session/index.ts'
import { CloseReason } from '../../protocol/index.ts'
import type { Receiver, Subscription, Taken } from './subscription.ts'

/** How a subscription of the session is sent. */
export interface Feed {
  /**
   * What is sent for something that was taken, in order. Its failure ends the session.
   */
  frame(taken: Taken): readonly Outbound[]
}

/** What ends a session that is too slow for a topic of the kind `close`. */
export const TOO_SLOW: CloseReason = new CloseReason(4101, 'Too slow')
/** What ends a session that cannot be told that it missed something. */
export const MISSED_EVENTS: CloseReason = new CloseReason(4102, 'Missed events')

const TURN = { events: 64, bytes: 64 * 1024 }

/** One session's outlet. */
export class SessionOutlet implements Receiver {
  readonly #session: WebSocketSession
  readonly #failed: (error: unknown) => void
  readonly #feeds = new Map<Subscription, Feed>()
  /** In the order of their turns. */
  readonly #ready = new Set<Subscription>()
  /** Frames of the last turn that found no room: one turn's worth at most, and nothing of a turn before. */
  #unsent: Outbound[] = []
  /** Resolves when nothing is unsent. */
  #taken: Deferred<void> | null = null
  #isWaiting = false
  #isPumping = false
  #isOver = false

  /** @param failed is told what a feed fails with; the session is closed with 1011. */
  constructor(session: WebSocketSession, failed: (error: unknown) => void) {
    this.#session = session
    this.#failed = failed
  }

  /** Whether nothing is sent any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** How many subscriptions the session has. */
  get size(): number {
    return this.#feeds.size
  }

  /** The subscriptions of the session. */
  get subscriptions(): Iterable<Subscription> {
    return this.#feeds.keys()
  }

  add(subscription: Subscription, feed: Feed): void {
    this.#feeds.set(subscription, feed)
    this.ready(subscription)
  }

  remove(subscription: Subscription): void {
    this.#feeds.delete(subscription)
    this.#ready.delete(subscription)
  }

  /** The session is over. */
  end(): void {
    this.#isOver = true
    this.#feeds.clear()
    this.#ready.clear()
    this.#unsent = []
    this.#tellTaken()
  }

  /** Sends something between the events, behind what has been framed. */
  send(data: Outbound): void {
    if (this.#isOver) return
    this.#unsent.push(data)
    this.#pump()
  }

  /** Resolves when the session has taken all that was sent, or is over; `null`: it has. */
  taken(): Promise<void> | null {
    if (this.#unsent.length === 0) return null
    this.#taken ??= new Deferred()
    return this.#taken.promise
  }

  ready(subscription: Subscription): void {
    if (this.#isOver) return
    this.#ready.add(subscription)
    this.#pump()
  }

  tooSlow(): 'closed' {
    this.#close(TOO_SLOW)
    return 'closed'
  }

  #pump(): void {
    if (this.#isPumping || this.#isWaiting) return
    this.#isPumping = true
    try {
      while (this.#sendUnsent() && this.#takeTurn());
    } catch (error) {
      this.#failed(error)
      this.#close(INTERNAL_ERROR)
    }
    this.#isPumping = false
  }

  /** @returns whether there is room for more. */
  #sendUnsent(): boolean {
    while (this.#unsent.length > 0 && !this.#isOver) {
      const next = this.#unsent[0]
      if (next === undefined) break
      const result = this.#session.outgoing.trySend(next)
      if (result === 'closed') {
        this.end()
      } else if (result === 'full') {
        this.#wait()
        return false
      } else this.#unsent.shift()
    }
    this.#tellTaken()
    return !this.#isOver
  }

  #tellTaken(): void {
    this.#taken?.resolve()
    this.#taken = null
  }

  #wait(): void {
    this.#isWaiting = true
    this.#session.outgoing.whenWritable().then(
      () => {
        this.#isWaiting = false
        this.#pump()
      },
      () => this.end(),
    )
  }

  /** Frames what the next subscription has. @returns whether there may be more. */
  #takeTurn(): boolean {
    const [subscription] = this.#ready
    if (subscription === undefined) return false
    this.#ready.delete(subscription)
    const feed = this.#feeds.get(subscription)
    const taken = feed === undefined ? [] : subscription.take(TURN)
    if (feed === undefined || taken.length === 0) return true
    // To the end of the line, so that a topic with many events holds up no other.
    this.#ready.add(subscription)
    for (const each of taken) this.#unsent.push(...feed.frame(each))
    return true
  }

  #close(reason: CloseReason): void {
    this.end()
    void this.#session.close(reason)
  }
}

const INTERNAL_ERROR = new CloseReason(CloseReason.Codes.INTERNAL_ERROR)
