/** A clock that moves only when it is advanced: time for tests. */

import { BinaryHeap } from './binary-heap.ts'
import type { Clock } from './clock.ts'
import { toMilliseconds, type Duration } from './duration.ts'

/** Options of a virtual clock. */
export interface VirtualClockOptions {
  /**
   * Resolves when all pending work has finished. Awaited between the moments at which timers run,
   * so that all effects of one moment have happened before the next.
   *
   * @defaultValue some turns of the microtask queue: enough for code that waits only for promises
   */
  readonly settle?: () => Promise<void>
}

// More than any chain of awaits that a timer starts; a turn costs very little.
const SETTLE_TURNS = 64

/**
 * Virtual time, beginning at 0 milliseconds.
 *
 * @example
 * const clock = new VirtualClock()
 * clock.setTimer(15_000, () => console.log('time is up'))
 * await clock.advance({ seconds: 15 }) // prints it, at once
 */
export class VirtualClock implements Clock {
  readonly #settle: () => Promise<void>
  readonly #timers = new BinaryHeap<VirtualTimer>(runsBefore)
  #now = 0
  #timersSet = 0
  #pending = 0
  #lastAdvance: Promise<void> = Promise.resolve()

  constructor(options: VirtualClockOptions = {}) {
    this.#settle = options.settle ?? drainMicrotasks
  }

  now(): number {
    return this.#now
  }

  /** The number of pending timers. */
  get pendingTimers(): number {
    return this.#pending
  }

  /** @throws {RangeError} if `delayMs` is negative or not finite. */
  setTimer(delayMs: number, callback: () => void): Disposable {
    const dueAt = this.#now + toMilliseconds(delayMs, 'delayMs')
    const timer = new VirtualTimer(dueAt, this.#timersSet++, callback, () => this.#pending--)
    this.#pending++
    this.#timers.push(timer)
    return timer
  }

  /**
   * Advances the time by `duration` and runs the timers that become due, in order of time and then
   * of setting; during each, `now()` is its own moment. Lets everything settle before the first,
   * after each moment and at the end. Timers that are set meanwhile and become due also run. A call
   * during another call starts when that one has ended, from its time.
   *
   * Rejects with the error of a timer; the time then stays at that moment, and the next call
   * continues.
   */
  advance(duration: Duration): Promise<void> {
    const durationMs = toMilliseconds(duration, 'duration')
    const advance = this.#lastAdvance.then(() => this.#advance(durationMs))
    this.#lastAdvance = advance.catch(() => {
      // The caller gets the rejection; later calls only wait for the end.
    })
    return advance
  }

  async #advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs
    await this.#settle()
    for (;;) {
      const next = this.#nextTimer()
      if (next !== null && next.dueAt <= end) {
        this.#now = next.dueAt
        this.#runMoment()
      } else if (this.#now < end) {
        this.#now = end
      } else {
        return
      }
      await this.#settle()
    }
  }

  /** Runs the timers of this moment that are set now; timers that they set get the next turn. */
  #runMoment(): void {
    const firstOfNextTurn = this.#timersSet
    for (;;) {
      const timer = this.#nextTimer()
      if (timer === null || timer.dueAt > this.#now || timer.order >= firstOfNextTurn) return
      this.#timers.pop()
      timer.run()
    }
  }

  #nextTimer(): VirtualTimer | null {
    for (;;) {
      const timer = this.#timers.peek()
      if (timer === undefined) return null
      if (timer.isPending) return timer
      this.#timers.pop()
    }
  }
}

class VirtualTimer implements Disposable {
  readonly dueAt: number
  /** How many timers were set before this one. */
  readonly order: number
  readonly #onEnd: () => void
  #callback: (() => void) | null

  constructor(dueAt: number, order: number, callback: () => void, onEnd: () => void) {
    this.dueAt = dueAt
    this.order = order
    this.#callback = callback
    this.#onEnd = onEnd
  }

  get isPending(): boolean {
    return this.#callback !== null
  }

  run(): void {
    const callback = this.#callback
    this[Symbol.dispose]()
    callback?.()
  }

  [Symbol.dispose](): void {
    if (this.#callback === null) return
    this.#callback = null
    this.#onEnd()
  }
}

function runsBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.dueAt === b.dueAt ? a.order < b.order : a.dueAt < b.dueAt
}

async function drainMicrotasks(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn++) await Promise.resolve()
}
