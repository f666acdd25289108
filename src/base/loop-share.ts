/**
 * Limits how long code that sends without waiting may keep the event loop from turning.
 *
 * While the transport accepts bytes, `send` resolves at once. A loop of such sends runs only in
 * microtasks: no timer, socket or signal gets a turn, and the end of the connection is not noticed.
 * All sessions of an environment therefore share one time slice for each turn of the event loop.
 * Once it is used up, a session that continues to send waits until the loop has turned.
 */

import { Deferred } from './deferred.ts'
import type { Environment } from './environment.ts'

/**
 * How long sessions may send in one turn of the event loop before they have to wait for the next,
 * in milliseconds.
 */
export const LOOP_SHARE_MS = 4

/**
 * How much they may send in one turn. This limit also works in virtual time, which stands still.
 * See `spend`.
 */
const LOOP_SHARE_UNITS = 8192

/**
 * The maximum number of units between two reads of the clock: a read costs a twentieth of a small
 * frame.
 */
const MAX_STEP = 16

/** If units took this long, in milliseconds, the clock is read at every following unit. */
const SLOW_STEP_MS = 0.5

/**
 * Frames that `trySend` of one session still takes when the time is used up, so that a broadcast
 * reaches every session.
 */
const LATE_FRAMES = 64

const SETTLED: Promise<void> = Promise.resolve()

/** The parts of the environment that a time slice needs. */
type LoopEnvironment = Pick<Environment, 'clock' | 'deferPastTurn'>

/** The methods for code that resolves sends and receives at once, so that the event loop turns. */
export type LoopTurns = Pick<LoopShare, 'spend' | 'accepted' | 'refused' | 'delay'>

/** The time slice of one environment. */
export class LoopShare {
  /** Whether the slice is used up. A session that then sends again waits for `turned`. */
  isUsedUp = false
  readonly #environment: LoopEnvironment
  /** Resolves when the loop has turned; absent until a session waits. */
  #turned: Deferred<void> | null = null
  /** How many frames each session has sent since the slice was used up. */
  readonly #late = new Map<object, number>()
  #step = MAX_STEP
  /** Units until the next read of the clock. */
  #left = MAX_STEP
  #spent = 0
  #beganAt = 0
  #lookedAt = 0
  /** Whether the end of this turn will be reported. */
  #isWatching = false

  constructor(environment: LoopEnvironment) {
    this.#environment = environment
  }

  /**
   * Records work that costs about as much as sending `bytes` in a frame: one unit, plus one for
   * each 4 KiB.
   */
  spend(bytes: number): void {
    this.#left -= 1 + (bytes >>> 12)
    if (this.#left <= 0) this.#look()
  }

  /**
   * Returns the result of an accepted `send`: `settled`, or a promise of the next turn. The first
   * send of a session after the slice was used up does not wait: most sessions send once and then
   * wait for their peer.
   */
  accepted(session: object, settled: Promise<void>): Promise<void> {
    return this.delay(session) ?? settled
  }

  /**
   * Returns the promise that a result for `session` has to wait for, if it would otherwise need no
   * wait; `null` for none.
   */
  delay(session: object): Promise<void> | null {
    return !this.isUsedUp || this.#count(session) === 1 ? null : this.turned()
  }

  /**
   * The same for a `send` that is rejected: code that catches all errors and continues must not
   * block the loop.
   */
  async refused(session: object, error: Error): Promise<never> {
    await this.accepted(session, SETTLED)
    throw error
  }

  /** Whether `trySend` of `session` should return `full` until the loop has turned. */
  refuses(session: object): boolean {
    return this.isUsedUp && this.#count(session) > LATE_FRAMES
  }

  /** Returns the promise that the last call for `session` waits for; `null`: it waits for none. */
  awaitedBy(session: object): Promise<void> | null {
    return this.isUsedUp && (this.#late.get(session) ?? 0) > 1 ? this.turned() : null
  }

  /** Resolves when the loop has turned. Only while `isUsedUp`. */
  turned(): Promise<void> {
    this.#turned ??= new Deferred()
    return this.#turned.promise
  }

  /** Starts a new slice after the event loop has turned. */
  begin(): void {
    this.#isWatching = false
    this.#spent = 0
    if (!this.isUsedUp) return
    this.isUsedUp = false
    // The session that used it up will continue: the time counts from the first frame.
    this.#step = 1
    this.#left = 1
    this.#late.clear()
    const turned = this.#turned
    this.#turned = null
    turned?.resolve()
  }

  #count(session: object): number {
    const count = (this.#late.get(session) ?? 0) + 1
    this.#late.set(session, count)
    return count
  }

  #look(): void {
    this.#spent += this.#step - this.#left
    const now = this.#environment.clock.now()
    if (!this.#isWatching) {
      this.#isWatching = true
      this.#beganAt = now
      this.#environment.deferPastTurn(begin, this)
    } else if (now - this.#lookedAt >= SLOW_STEP_MS) {
      this.#step = 1
    } else {
      this.#step = Math.min(MAX_STEP, this.#step * 2)
    }
    this.#lookedAt = now
    this.#left = this.#step
    if (now - this.#beganAt >= LOOP_SHARE_MS || this.#spent >= LOOP_SHARE_UNITS) {
      this.isUsedUp = true
    }
  }
}

/** Returns the time slice of an environment, shared by all of its sessions. */
export function loopShareOf(environment: LoopEnvironment): LoopShare {
  let share = SHARES.get(environment)
  if (share === undefined) {
    share = new LoopShare(environment)
    SHARES.set(environment, share)
  }
  return share
}

const SHARES = new WeakMap<LoopEnvironment, LoopShare>()

function begin(share: LoopShare): void {
  share.begin()
}
