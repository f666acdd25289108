/**
 * Limits the bytes that all sessions together hold in memory: waiting frames in both directions,
 * partial messages, and the heads of their requests.
 *
 * Each session reports an upper bound on its growth. Only when the sum exceeds the remaining room are
 * all sessions measured. Below the budget a read therefore costs one subtraction, and an overrun is
 * noticed within one sixteenth of the budget.
 */

import { type Environment, readWholeNumber } from '../../base/internal.ts'
import { MemoryBudgetError } from '../../session/index.ts'
import { Holder } from './holder.ts'
import type { SessionControl, SessionRegistry } from './session-registry.ts'

/** A budget that several applications of one process may share. Made by `createMemoryBudget`. */
export interface MemoryBudget {
  /** What sessions may hold, in bytes. */
  readonly limit: number
  /** What they hold, in bytes: measured when it is asked for. */
  readonly used: number
}

/**
 * Makes a budget for `WebSocketsOptions.memoryBudget` of several applications.
 *
 * @param limit in bytes: a whole number above 0.
 *
 * @example
 * const memoryBudget = createMemoryBudget(512 * 1024 * 1024)
 * const visitors = createApplication((app) => app.install(WebSockets, { memoryBudget }))
 * const staff = createApplication((app) => app.install(WebSockets, { memoryBudget }))
 */
export function createMemoryBudget(limit: number): MemoryBudget {
  return new SharedBudget(readWholeNumber('make a memory budget', 'limit', limit, NaN, { min: 1 }))
}

/** Below this part of the budget new sessions come in. */
const STRAIN = 7 / 8

/** Sessions that stand still are closed for those who want to come in until this part of the budget is used. */
const RELIEVED = 3 / 4

/** The least growth, as a part of the budget, after which everything is measured again. */
const STEP = 1 / 16

/** How often everything is measured again for those who want to come in, while there is little room. */
const MEASURE_AGAIN_MS = 100

/** Sessions that hold less are measured, but not looked at: there may be a hundred thousand of them. */
const NOTED_BYTES = 1024

/** The budget as applications see it. */
export class SharedBudget implements MemoryBudget {
  readonly limit: number
  readonly #registries = new Set<SessionRegistry>()
  /** Sessions that held something when everything was measured. */
  readonly #holders = new WeakMap<SessionControl, Holder>()
  /** What is kept for upgrades that are being decided. */
  #reserved = 0
  /** What was held when it was last measured. */
  #measured = 0
  #measuredAt = -Infinity
  /** By how much sessions may have grown since. */
  #grown = 0
  /** By how much they may grow before everything is measured. */
  #room: number
  /** Whose task to measure everything is on its way. */
  #scheduled: Environment | null = null
  /** Whether that is for a session that could not come in. */
  #relieves = false

  constructor(limit: number) {
    this.limit = limit
    this.#room = limit * STRAIN
  }

  get used(): number {
    return this.#controls().reduce((sum, control) => sum + bytesOf(control), this.#reserved)
  }

  /** Counts the sessions of one more application. */
  add(registry: SessionRegistry): void {
    this.#registries.add(registry)
  }

  /** A session may hold so many bytes more than before. On the path of every read. */
  grow(bytes: number, environment: Environment): void {
    this.#grown += bytes
    if (this.#grown <= this.#room || this.#scheduled !== null) return
    this.#schedule(environment)
  }

  /** So many bytes are kept for an upgrade that is being decided; a negative number gives them back. */
  reserve(bytes: number): void {
    this.#reserved += bytes
    if (bytes > 0) this.#grown += bytes
  }

  /**
   * Whether there is too little room for a new session. If so, sessions whose bytes stand still are closed soon.
   *
   * @returns the error that says so, or `null`.
   */
  strain(environment: Environment): MemoryBudgetError | null {
    if (this.#measured + this.#grown <= this.limit * STRAIN) return null
    const now = environment.clock.now()
    if (now - this.#measuredAt >= MEASURE_AGAIN_MS) {
      this.#measuredAt = now
      this.#note(this.used)
      if (this.#measured > this.limit * STRAIN) {
        this.#relieves = true
        if (this.#scheduled === null) this.#schedule(environment)
      }
    }
    if (this.#measured <= this.limit * STRAIN) return null
    return new MemoryBudgetError(this.#measured, this.limit)
  }

  /**
   * Measures, and if it is too much closes sessions until it is not: those first that hold most for the longest
   * time without moving it, of equals those that hold most, of equals the youngest.
   */
  enforce(): void {
    const now = this.#scheduled?.clock.now() ?? 0
    this.#scheduled = null
    const holders: Holder[] = []
    let used = this.#reserved
    for (const control of this.#controls()) {
      const bytes = bytesOf(control)
      used += bytes
      if (bytes >= NOTED_BYTES) holders.push(this.#lookAt(control, now))
    }
    let left = used
    if (used > this.limit) {
      left = this.#shed(holders, used, this.limit, now)
      // The rest, which all hold little: only where there are very many of them.
      if (left > this.limit) left = this.#shed(this.#small(now), left, this.limit, now)
    } else if (this.#relieves && used > this.limit * STRAIN) {
      const still = holders.filter((holder) => holder.standsStill(now))
      left = this.#shed(still, used, this.limit * RELIEVED, now)
    }
    this.#relieves = false
    this.#note(left)
  }

  /** Closes sessions until `target` bytes are left of `used`. @returns how many are left. */
  #shed(holders: Holder[], used: number, target: number, now: number): number {
    const error = new MemoryBudgetError(used, this.limit)
    let left = used
    holders.reverse().sort((a, b) => b.cost(now) - a.cost(now) || b.bytes - a.bytes)
    for (const { control, bytes } of holders) {
      if (left <= target) break
      control.shed(error)
      left -= bytes - control.heldBytes
    }
    return left
  }

  #small(now: number): Holder[] {
    return this.#controls()
      .filter((control) => bytesOf(control) < NOTED_BYTES)
      .map((control) => this.#lookAt(control, now))
  }

  #lookAt(control: SessionControl, now: number): Holder {
    let holder = this.#holders.get(control)
    if (holder === undefined) {
      holder = new Holder(control, now)
      this.#holders.set(control, holder)
    }
    holder.look(now)
    return holder
  }

  #schedule(environment: Environment): void {
    this.#scheduled = environment
    // Not here: sessions are in the middle of reading or sending, and some of them are to be closed.
    environment.defer(enforce, this)
  }

  #note(used: number): void {
    this.#measured = used
    this.#grown = 0
    this.#room = Math.max(this.limit * STRAIN - used, this.limit * STEP)
  }

  /** All sessions, in the order in which they began, application by application. */
  #controls(): SessionControl[] {
    return [...this.#registries].flatMap(({ controls }) => controls)
  }
}

function bytesOf(control: SessionControl): number {
  return control.heldBytes + control.keptBytes
}

function enforce(budget: SharedBudget): void {
  budget.enforce()
}
