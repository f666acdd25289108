/**
 * One bound on the bytes that all sessions together keep in memory: what waits in either direction, and what has
 * arrived in part.
 *
 * Nothing is added up while messages pass. Sessions tell how many bytes they may hold more than before; only when
 * these come to more than there was room for is everything measured. So below the budget a read costs one
 * subtraction, and past it by at most a sixteenth it is known.
 */

import { type Environment, readWholeNumber } from '../base/internal.ts'
import { MemoryBudgetError } from '../session/index.ts'
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

/** The least growth, as a part of the budget, after which everything is measured again. */
const STEP = 1 / 16

/** How often everything is measured again for those who want to come in, while there is little room. */
const MEASURE_AGAIN_MS = 100

/** A session and what it holds. */
interface Holding {
  readonly control: SessionControl
  readonly bytes: number
}

/** The budget as applications see it. */
export class SharedBudget implements MemoryBudget {
  readonly limit: number
  readonly #registries = new Set<SessionRegistry>()
  /** What was held when it was last measured. */
  #measured = 0
  #measuredAt = -Infinity
  /** By how much sessions may grow before everything is measured. */
  #room: number
  #scheduled = false

  constructor(limit: number) {
    this.limit = limit
    this.#room = limit
  }

  get used(): number {
    return this.#holdings().reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Counts the sessions of one more application. */
  add(registry: SessionRegistry): void {
    this.#registries.add(registry)
  }

  /** A session may hold so many bytes more than before. On the path of every read. */
  grow(bytes: number, environment: Environment): void {
    this.#room -= bytes
    if (this.#room >= 0 || this.#scheduled) return
    this.#scheduled = true
    // Not here: sessions are in the middle of reading or sending, and some of them are to be closed.
    environment.defer(enforce, this)
  }

  /** Whether there is too little room for a new session. @returns the error that says so, or `null`. */
  strain(now: number): MemoryBudgetError | null {
    const mayHold = this.#measured + this.#grown
    if (mayHold <= this.limit * STRAIN) return null
    if (now - this.#measuredAt >= MEASURE_AGAIN_MS) {
      this.#measuredAt = now
      this.#note(this.used)
    }
    if (this.#measured <= this.limit * STRAIN) return null
    return new MemoryBudgetError(this.#measured, this.limit)
  }

  /**
   * Measures, and if it is too much closes sessions until it is not: those that hold most first, of equals the
   * youngest.
   */
  enforce(): void {
    this.#scheduled = false
    const holdings = this.#holdings()
    const used = holdings.reduce((sum, { bytes }) => sum + bytes, 0)
    let left = used
    if (used > this.limit) {
      const error = new MemoryBudgetError(used, this.limit)
      for (const { control, bytes } of holdings.reverse().sort((a, b) => b.bytes - a.bytes)) {
        if (left <= this.limit) break
        control.shed(error)
        left -= bytes - control.heldBytes
      }
    }
    this.#note(left)
  }

  get #grown(): number {
    return Math.max(this.limit - this.#measured, this.limit * STEP) - this.#room
  }

  #note(used: number): void {
    this.#measured = used
    this.#room = Math.max(this.limit - used, this.limit * STEP)
  }

  /** In the order in which the sessions began, application by application. */
  #holdings(): Holding[] {
    const holdings: Holding[] = []
    for (const registry of this.#registries) {
      for (const control of registry.controls) holdings.push({ control, bytes: control.heldBytes })
    }
    return holdings
  }
}

function enforce(budget: SharedBudget): void {
  budget.enforce()
}
