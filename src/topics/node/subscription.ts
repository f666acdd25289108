/**
 * A subscription: a cursor in a topic, with its receiver. It holds no events.
 */

import type { Position } from '../kind/items.ts'
import type { FollowedTopic } from './followed-topic.ts'
import type { Run } from './run.ts'
import type { Visited } from './sweep.ts'
import {
  type Cursor,
  CursorFlag,
  isSteady,
  type Lagged,
  takeFrom,
  type TakeLimit,
  type Taken,
  takeRun,
  UNKNOWN_SINCE,
} from './taking.ts'

/** The receiver of a subscription, or of several. */
export interface Receiver {
  /** There may be something to take. Called again only after `take` has returned nothing. */
  ready(subscription: Subscription): void
  /**
   * The subscription has these events to take, and nothing else before them.
   *
   * @returns whether they were taken. Otherwise `ready` is called.
   */
  run?(run: Run, subscription: Subscription): boolean
  /** A group of visits is over: what the receivers have sent may be written out. */
  endVisits?(): void
  /**
   * The subscription lags, in a topic that closes slow subscribers: closes it if it is slow itself.
   */
  lagged(subscription: Subscription): Lagged
  /** The node is closed: `ready` is not called again. */
  ended?(): void
}

/** Where a cursor begins. */
export interface Start {
  /** May differ from the topic's. */
  readonly epoch: string
  /** All events up to here were received. */
  readonly offset: number
  /** For how long nothing was received; `Infinity` if that is not known. */
  readonly awayMs: number
  /** Whether missing events after `offset` are a gap. */
  readonly isExact: boolean
  /** Whether events are missing, in a topic that cannot say which. @defaultValue false */
  readonly isLost?: boolean
}

/**
 * One subscription. Only `taking.ts` changes the fields of the cursor. The class has no private
 * methods: they would add a field to each object.
 */
export class Subscription implements Visited, Cursor {
  /** Its index in the list of its topic. */
  place = -1
  readonly topic: FollowedTopic
  readonly receiver: Receiver
  epoch: string
  offset: number
  aim: number
  since: number
  flags: number

  constructor(topic: FollowedTopic, receiver: Receiver, start: Start) {
    this.topic = topic
    this.receiver = receiver
    this.epoch = start.epoch
    this.offset = start.offset
    this.aim = topic.head
    const { awayMs } = start
    this.since = Number.isFinite(awayMs) ? topic.now - Math.ceil(awayMs) : UNKNOWN_SINCE
    this.flags =
      (start.isExact ? CursorFlag.EXACT : 0) | (start.isLost === true ? CursorFlag.LOST : 0)
  }

  /** The position of the cursor; `null` in a topic without history. */
  get position(): Position | null {
    return this.topic.hasLog ? { epoch: this.epoch, offset: this.offset } : null
  }

  /** Takes the next items: none at the head, or while the log is read. Then `ready` follows. */
  take(limit: TakeLimit): readonly Taken[] {
    const taken = takeFrom(this, limit)
    if (taken.length > 0) this.topic.counters.taken(taken)
    return taken
  }

  /** Most visits of a sweep find a cursor that has nothing to take but a run of events. */
  visit(): void {
    const { topic, receiver } = this
    const run = isSteady(this) ? topic.runAfter(this.epoch, this.offset) : null
    if (run !== null && receiver.run?.(run, this) === true && run.to === topic.head) return
    if ((this.flags & CursorFlag.CLOSED) === 0) receiver.ready(this)
  }

  endVisits(): void {
    this.receiver.endVisits?.()
  }

  /** The receiver takes a run. */
  takeRun(run: Run): void {
    takeRun(this, run)
    this.topic.counters.delivered += run.count
  }

  pageRead(failed: boolean): void {
    if (!failed) this.visit()
  }

  lagged(): Lagged {
    return this.receiver.lagged(this)
  }

  /** Nothing can be taken any longer. */
  close(): void {
    this.flags |= CursorFlag.CLOSED
  }
}
