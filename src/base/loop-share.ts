/**
 * How long code that sends without waiting may keep the event loop from turning.
 *
 * While the transport takes what it is given, `send` resolves at once. A loop of such sends runs in
 * microtasks alone: no timer, no socket and no signal gets a turn, and the end of the connection is
 * not seen. All sessions of an environment therefore share one time slice for each turn of the
 * event loop. Once it is used up, a session that goes on sending waits until the loop has turned.
 */

import { Deferred } from './deferred.ts'
import type { Environment } from './environment.ts'

/**
 * How long sessions may send in one turn of the event loop before they have to wait for the next,
 * in milliseconds.
 */
export const LOOP_SHARE_MS = 4

/**
 * How much they may send in one turn: also where time stands still, as virtual time does. See
 * `spend`.
 */
const LOOP_SHARE_UNITS = 8192

/**
 * So many units, at most, are spent between two looks at the clock: a look costs a twentieth of a
 * small frame.
 */
const MAX_STEP = 16

/** Units that took this long make every following one a look at the clock, in milliseconds. */
const SLOW_STEP_MS = 0.5

/**
 * Frames that `trySend` of one session still takes when the time is used up: a broadcast reaches
 * every session.
 */
const LATE_FRAMES = 64

const SETTLED: Promise<void> = Promise.resolve()

/** What a time slice needs of its environment. */
type LoopEnvironment = Pick<Environment, 'clock' | 'deferPastTurn'>

/** What code that answers sends and receives at once asks, so that the event loop turns. */
export type LoopTurns = Pick<LoopShare, 'spend' | 'accepted' | 'refused' | 'delay'>

/** The time slice of one environment. */
export class LoopShare {
  /** Whether the slice is used up. Who then sends again waits for `turned`. */
  isUsedUp = false
  readonly #environment: LoopEnvironment
  /** Resolves when the loop has turned; absent until somebody waits. */
  #turned: Deferred<void> | null = null
  /** How many frames each session has sent since the slice was used up. */
  readonly #late = new Map<object, number>()
  #step = MAX_STEP
  /** Units until the next look at the clock. */
  #left = MAX_STEP
  #spent = 0
  #beganAt = 0
  #lookedAt = 0
  /** Whether we shall hear of the end of this turn. */
  #isWatching = false

  constructor(environment: LoopEnvironment) {
    this.#environment = environment
  }

  /**
   * Work has been done that costs about as much as sending `bytes` in a frame: one unit, and one
   * for each 4 KiB.
   */
  spend(bytes: number): void {
    this.#left -= 1 + (bytes >>> 12)
    if (this.#left <= 0) this.#look()
  }

  /**
   * What a `send` returns that has been accepted: `settled`, or a promise of the next turn. The
   * first one of a session after the slice was used up goes unpunished: most sessions send once and
   * wait for their peer.
   */
  accepted(session: object, settled: Promise<void>): Promise<void> {
    return this.delay(session) ?? settled
  }

  /**
   * What an answer to `session` has to wait for that needs no waiting otherwise; `null` for
   * nothing.
   */
  delay(session: object): Promise<void> | null {
    return !this.isUsedUp || this.#count(session) === 1 ? null : this.turned()
  }

  /**
   * The same for a `send` that is refused: code that catches all errors and goes on must not hold
   * up the loop.
   */
  async refused(session: object, error: Error): Promise<never> {
    await this.accepted(session, SETTLED)
    throw error
  }

  /** Whether `trySend` of `session` should answer `full` until the loop has turned. */
  refuses(session: object): boolean {
    return this.isUsedUp && this.#count(session) > LATE_FRAMES
  }

  /** Resolves when the loop has turned. Only while `isUsedUp`. */
  turned(): Promise<void> {
    this.#turned ??= new Deferred()
    return this.#turned.promise
  }

  /** The event loop has turned: a new slice begins. */
  begin(): void {
    this.#isWatching = false
    this.#spent = 0
    if (!this.isUsedUp) return
    this.isUsedUp = false
    // Whoever has used it up will go on: the time counts from the first frame.
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

/** The time slice of an environment: one for all of its sessions. */
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
