/**
 * The outlet of one session: all of its subscriptions send through it, in turn. A session whose
 * queue is full delays no other session: it is taken up again when its queue has room.
 */

import { Deferred } from '../../base/internal.ts'
import type { Outbound, OutgoingChannel, WebSocketSession } from '../../session/index.ts'
import { CloseReason } from '../../protocol/index.ts'
import { type EventFramer, type Run, TURN } from './run.ts'
import type { Subscription } from './subscription.ts'
import type { Taken } from './taking.ts'

/** How subscriptions of a session are sent. */
export interface Feed extends EventFramer {
  /**
   * The frames for an item, in order; for an event of a subscription that is live, `frameOf` makes
   * it. An error ends the session.
   */
  frame(taken: Taken, subscription: Subscription): readonly Outbound[]
}

/** Closes a session that is too slow for a topic of the kind `close`. */
export const TOO_SLOW: CloseReason = new CloseReason(4101, 'Too slow')
/** Closes a session that has missed events and gets no gap. */
export const MISSED_EVENTS: CloseReason = new CloseReason(4102, 'Missed events')

/** One session's outlet. */
export class SessionOutlet {
  readonly #session: WebSocketSession
  readonly #outgoing: OutgoingChannel
  readonly #failed: (error: unknown) => void
  readonly #ended: (subscription: Subscription) => void
  /**
   * An array, because it is small: a session has few subscriptions, and there are many sessions.
   */
  readonly #subscriptions: Subscription[] = []
  /** Subscriptions that may have something to send, in the order of their turns. */
  readonly #ready = new Map<Subscription, Feed>()
  /** Frames that found no room: those of one turn at most, and answers. */
  #unsent: Outbound[] = []
  /** Resolves when nothing is unsent. */
  #taken: Deferred<void> | null = null
  #isWaiting = false
  #isSlow = false
  #isPumping = false
  /** Whether `#pump` was called while the outlet was pumping. */
  #isAsked = false
  #isOver = false

  /**
   * @param failed is called with the error of a feed; the session is closed with 1011.
   * @param ended is called with each subscription that ends with the outlet.
   */
  constructor(
    session: WebSocketSession,
    failed: (error: unknown) => void,
    ended: (subscription: Subscription) => void,
  ) {
    this.#session = session
    this.#outgoing = session.outgoing
    this.#failed = failed
    this.#ended = ended
  }

  /** Whether nothing is sent any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * Whether the session was full before what is sent now. It is not slow if it has to wait because
   * the node is busy.
   */
  get isSlow(): boolean {
    return this.#isSlow
  }

  /** The subscriptions of the session. */
  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions
  }

  add(subscription: Subscription, feed: Feed): void {
    this.#subscriptions.push(subscription)
    this.ready(subscription, feed)
  }

  remove(subscription: Subscription): void {
    const index = this.#subscriptions.indexOf(subscription)
    if (index !== -1) this.#subscriptions.splice(index, 1)
    this.#ready.delete(subscription)
  }

  /** The session is over, or takes nothing any longer. Ends all subscriptions. Idempotent. */
  end(): void {
    this.#isOver = true
    const subscriptions = this.#subscriptions.splice(0)
    this.#ready.clear()
    this.#unsent = []
    this.#tellTaken()
    for (const subscription of subscriptions) this.#ended(subscription)
  }

  /** Sends a message between the events, behind those that have been framed. */
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

  /** The subscription may have something to send. */
  ready(subscription: Subscription, feed: Feed): void {
    if (this.#isOver) return
    if (!this.#isBusy) {
      this.#pumpAlone(subscription, feed)
      return
    }
    this.#ready.set(subscription, feed)
    this.#pump()
  }

  /**
   * Sends a run of a subscription, if nothing else waits to be sent. Does what `ready` would do, at
   * a fraction of the price: the frames are made, and nothing is allocated.
   *
   * @param framing that of `feed`.
   * @returns whether the run was taken.
   */
  run(run: Run, subscription: Subscription, framing: object, feed: Feed): boolean {
    if (this.#isBusy) return false
    this.#isPumping = true
    try {
      const frames = run.frames(framing, feed, subscription.topic)
      subscription.takeRun(run)
      const sent = this.#sendFrames(frames)
      if (sent < frames.length && !this.#isOver) {
        this.#unsent.push(...frames.slice(sent))
        this.#ready.set(subscription, feed)
        this.#wait()
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#isPumping = false
    if (this.#isAsked) this.#pump()
    return true
  }

  /** Ends, and closes the session. */
  close(reason: CloseReason): void {
    this.end()
    void this.#session.close(reason)
  }

  /** Whether a subscription that is ready has to wait for its turn. */
  get #isBusy(): boolean {
    // While something waits to be sent, the session is full.
    return this.#isPumping || this.#isWaiting || this.#isOver
  }

  /** @returns how many were sent: all, or those before the session was full or closed. */
  #sendFrames(frames: readonly Outbound[]): number {
    let sent = 0
    for (const frame of frames) {
      const result = this.#outgoing.trySend(frame)
      if (result === 'closed') this.end()
      if (result !== 'sent') break
      sent++
    }
    return sent
  }

  #pump(): void {
    this.#isAsked = this.#isPumping
    if (this.#isPumping || this.#isWaiting) return
    this.#isPumping = true
    try {
      while (this.#sendUnsent() && this.#takeTurn());
    } catch (error) {
      this.#fail(error)
    }
    this.#isPumping = false
  }

  /** Does what `ready` and `#pump` would do. Most visits of a sweep find a session like this. */
  #pumpAlone(subscription: Subscription, feed: Feed): void {
    this.#isPumping = true
    try {
      while (this.#takeFrom(subscription, feed)) {
        if (this.#sendUnsent() && this.#ready.size === 0) continue
        // It is full, or another subscription waits for its turn.
        if (!this.#isOver) this.#ready.set(subscription, feed)
        break
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#isPumping = false
    if (this.#ready.size > 0) this.#pump()
  }

  #fail(error: unknown): void {
    this.#failed(error)
    this.close(INTERNAL_ERROR)
  }

  /** @returns whether there is room for more. */
  #sendUnsent(): boolean {
    if (this.#unsent.length > 0) {
      const unsent = this.#unsent
      const sent = this.#sendFrames(unsent)
      if (this.#isOver) return false
      unsent.splice(0, sent)
      if (unsent.length > 0) {
        this.#wait()
        return false
      }
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
    this.#isSlow = this.#session.statistics.queued.outgoing.frames > 0
    this.#outgoing.whenWritable().then(
      () => {
        this.#isWaiting = false
        this.#pump()
        if (!this.#isWaiting) this.#isSlow = false
      },
      () => this.end(),
    )
  }

  /** Frames the items of the next subscription. @returns whether there may be more. */
  #takeTurn(): boolean {
    const [next] = this.#ready
    if (next === undefined) return false
    const [subscription, feed] = next
    // To the end of the line, so that a topic with many events delays no other.
    this.#ready.delete(subscription)
    this.#ready.set(subscription, feed)
    if (!this.#takeFrom(subscription, feed)) this.#ready.delete(subscription)
    return true
  }

  /** Frames the next items of a subscription. @returns whether there were any. */
  #takeFrom(subscription: Subscription, feed: Feed): boolean {
    const taken = subscription.take(TURN)
    for (const each of taken) {
      for (const frame of feed.frame(each, subscription)) this.#unsent.push(frame)
    }
    return taken.length > 0
  }
}

const INTERNAL_ERROR = new CloseReason(CloseReason.Codes.INTERNAL_ERROR)
