/**
 * Runs many timers on one timer of a clock: the pings and timeouts of all sessions.
 *
 * Timers that are due in the same millisecond share a bucket, a doubly linked list in the order of
 * setting. A heap orders the buckets by time. Cancelling unlinks the timer and leaves the bucket in
 * place, so it takes constant time. Empty buckets are removed once they are the majority.
 */

import { BinaryHeap } from './binary-heap.ts'
import type { Clock } from './clock.ts'
import { toMilliseconds } from './duration.ts'

/** One scheduled call. */
export interface WheelTimer extends Disposable {
  /** When it is due, in whole milliseconds of the clock's `now()`. */
  readonly dueAt: number

  /**
   * Whether the call is still pending: neither made nor cancelled. False inside the call itself.
   */
  readonly isPending: boolean

  /** Cancels the call, in constant time; has no effect after the call. The same as disposing. */
  cancel(): void
}

// Below this number, removing empty buckets would cost more than keeping them.
const MIN_SWEPT_BUCKETS = 64

/**
 * Timers that run in one turn of the clock. When thousands are due at once, such as the timeouts of
 * all sessions after a broadcast, I/O and other timers get their turns in between.
 */
const MAX_PER_TURN = 64

/**
 * Runs any number of timers while holding at most one timer of the clock, and none when it is
 * empty.
 */
export class TimerWheel {
  readonly #clock: Clock
  readonly #buckets = new Map<number, Bucket>()
  readonly #order = new BinaryHeap<Bucket>((a, b) => a.dueAt < b.dueAt)
  /** Buckets that are due, and whose timers have not all run. */
  #due: Bucket[] = []
  #size = 0
  #emptyBuckets = 0
  #alarm: Disposable | null = null
  #alarmAt = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The number of pending timers. */
  get size(): number {
    return this.#size
  }

  /**
   * Calls `callback` once, `delayMs` milliseconds from now (0 or above, finite), rounded
   * up to the clock's next whole millisecond; never before this call has returned, nor within the
   * current turn of timers. Timers due in the same millisecond run in the order in which they were
   * set. If more are due than run in one turn, the others run in the next turns.
   *
   * A callback must not throw: that is a bug of the caller. It stops no other timer. At the end of
   * the turn, the error is thrown out of the clock's own timer, as an uncaught error (several as
   * one `AggregateError`).
   */
  schedule(delayMs: number, callback: () => void): WheelTimer
  /** The same with an argument for `callback`: timers of idle sessions need no closure. */
  schedule<T>(delayMs: number, callback: (argument: T) => void, argument: T): WheelTimer
  schedule(delayMs: number, callback: (argument: unknown) => void, argument?: unknown): WheelTimer {
    const dueAt = Math.ceil(this.#clock.now() + toMilliseconds(delayMs, 'delayMs'))
    const timer = new BucketTimer(this.#bucketAt(dueAt), callback, argument)
    this.#size++
    if (dueAt < this.#alarmAt) this.#setAlarm(dueAt)
    return timer
  }

  #bucketAt(dueAt: number): Bucket {
    const existing = this.#buckets.get(dueAt)
    if (existing !== undefined) {
      if (existing.isEmpty) this.#emptyBuckets--
      return existing
    }
    const bucket = new Bucket(dueAt, this.#onCancelled)
    this.#buckets.set(dueAt, bucket)
    this.#order.push(bucket)
    return bucket
  }

  // One function for the whole wheel, so that a timer costs no closure.
  readonly #onCancelled = (bucket: Bucket): void => {
    this.#size--
    if (this.#size === 0) {
      this.#clear()
      return
    }
    // A bucket that is no longer in the map is being run, and is dropped afterwards.
    if (!bucket.isEmpty || this.#buckets.get(bucket.dueAt) !== bucket) return
    this.#emptyBuckets++
    if (this.#emptyBuckets >= MIN_SWEPT_BUCKETS && this.#emptyBuckets * 2 > this.#order.size) {
      this.#sweep()
    }
  }

  #clear(): void {
    this.#buckets.clear()
    this.#order.retain(() => false)
    this.#due = []
    this.#emptyBuckets = 0
    this.#clearAlarm()
  }

  #sweep(): void {
    this.#order.retain((bucket) => {
      if (bucket.isEmpty) this.#buckets.delete(bucket.dueAt)
      return !bucket.isEmpty
    })
    this.#emptyBuckets = 0
  }

  #setAlarm(dueAt: number): void {
    this.#clearAlarm()
    this.#alarmAt = dueAt
    const delayMs = Math.max(0, dueAt - this.#clock.now())
    this.#alarm = this.#clock.setTimer(delayMs, () => this.#run())
  }

  #clearAlarm(): void {
    this.#alarm?.[Symbol.dispose]()
    this.#alarm = null
    this.#alarmAt = Infinity
  }

  #run(): void {
    this.#clearAlarm()
    const errors: unknown[] = []
    this.#takeDueBuckets()
    let left = MAX_PER_TURN
    for (let bucket = this.#due[0]; left > 0 && bucket !== undefined; bucket = this.#due[0]) {
      left = this.#runBucket(bucket, left, errors)
      if (bucket.isEmpty && bucket === this.#due[0]) this.#due.shift()
    }
    this.#setNextAlarm()
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1)
      throw new AggregateError(errors, 'Cannot run timers: several of them threw')
  }

  /**
   * Removes all due buckets before their timers run, so that timers that they schedule get a turn
   * of their own.
   */
  #takeDueBuckets(): void {
    const now = this.#clock.now()
    for (;;) {
      const bucket = this.#order.peek()
      if (bucket === undefined || bucket.dueAt > now) return
      this.#order.pop()
      this.#buckets.delete(bucket.dueAt)
      if (bucket.isEmpty) this.#emptyBuckets--
      else this.#due.push(bucket)
    }
  }

  /** Runs at most `left` timers of `bucket`. @returns how many more may run in this turn. */
  #runBucket(bucket: Bucket, left: number, errors: unknown[]): number {
    for (; left > 0; left--) {
      const timer = bucket.first
      if (timer === null) return left
      bucket.remove(timer)
      this.#size--
      try {
        timer.run()
      } catch (error) {
        errors.push(error)
      }
    }
    return left
  }

  #setNextAlarm(): void {
    const next = this.#due[0] ?? this.#order.peek()
    if (next === undefined || this.#size === 0) this.#clear()
    else if (next.dueAt < this.#alarmAt) this.#setAlarm(next.dueAt)
  }
}

/** The timers of one millisecond, in the order of setting. */
class Bucket {
  readonly dueAt: number
  /** Called after a timer of this bucket has been cancelled. */
  readonly onCancelled: (bucket: Bucket) => void
  first: BucketTimer | null = null
  last: BucketTimer | null = null

  constructor(dueAt: number, onCancelled: (bucket: Bucket) => void) {
    this.dueAt = dueAt
    this.onCancelled = onCancelled
  }

  get isEmpty(): boolean {
    return this.first === null
  }

  append(timer: BucketTimer): void {
    timer.previous = this.last
    if (this.last === null) this.first = timer
    else this.last.next = timer
    this.last = timer
  }

  /** `timer` must be in this bucket. */
  remove(timer: BucketTimer): void {
    if (timer.previous === null) this.first = timer.next
    else timer.previous.next = timer.next
    if (timer.next === null) this.last = timer.previous
    else timer.next.previous = timer.previous
    timer.previous = null
    timer.next = null
  }
}

class BucketTimer implements WheelTimer {
  previous: BucketTimer | null = null
  next: BucketTimer | null = null
  readonly #bucket: Bucket
  #callback: ((argument: unknown) => void) | null
  #argument: unknown

  constructor(bucket: Bucket, callback: (argument: unknown) => void, argument: unknown) {
    this.#bucket = bucket
    this.#callback = callback
    this.#argument = argument
    bucket.append(this)
  }

  get dueAt(): number {
    return this.#bucket.dueAt
  }

  get isPending(): boolean {
    return this.#callback !== null
  }

  cancel(): void {
    if (this.#callback === null) return
    this.#callback = null
    this.#argument = undefined
    this.#bucket.remove(this)
    this.#bucket.onCancelled(this.#bucket)
  }

  [Symbol.dispose](): void {
    this.cancel()
  }

  /** The wheel has taken it out of its bucket. */
  run(): void {
    const callback = this.#callback
    const argument = this.#argument
    this.#callback = null
    this.#argument = undefined
    callback?.(argument)
  }
}
