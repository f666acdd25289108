/**
 * Limits the bytes that all sessions together hold in memory: waiting frames in both directions,
 * partial messages, and the heads of their requests.
 *
 * Each session reports an upper bound on its growth. All sessions are measured only when the sum of
 * these bounds exceeds the remaining room. Below the budget a read costs one addition, and the
 * budget notices an overrun within one sixteenth of its limit.
 */

import { type Environment, readWholeNumber } from '../../base/internal.ts'
import { emptyPool, pooledBytes } from '../../protocol/internal.ts'
import { MemoryBudgetError } from '../../session/index.ts'
import { MemoryUsage } from './memory-usage.ts'
import type { SessionControl, SessionRegistry } from './session-registry.ts'

/**
 * A memory budget that several applications of one process may share. Made by `createMemoryBudget`.
 */
export interface MemoryBudget {
  /** The limit, in bytes. */
  readonly limit: number
  /**
   * The bytes that sessions hold, and the free memory that is kept for the next payloads. Measured
   * on each read.
   */
  readonly used: number
}

/**
 * Creates a budget for the `memoryBudget` option of several applications.
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

/** Above this fraction of the budget, new sessions are refused. */
const SHORTAGE = 7 / 8

/** Stalled sessions are closed to make room for new ones, down to this fraction of the budget. */
const RELIEF_TARGET = 3 / 4

/** The least growth, as a fraction of the budget, before everything is measured again. */
const LEAST_GROWTH = 1 / 16

/** How often everything is measured again for new sessions while there is little room. */
const MEASURE_AGAIN_MS = 100

/** Smaller sessions are counted but not tracked: there may be a hundred thousand of them. */
const TRACKED_BYTES = 1024

/** The budget, with the methods that applications call. */
export class SharedBudget implements MemoryBudget {
  readonly limit: number
  readonly #registries = new Set<SessionRegistry>()
  /** Sessions that held memory at the last measurement. */
  readonly #usages = new WeakMap<SessionControl, MemoryUsage>()
  /** Bytes reserved for upgrades that are not decided yet. */
  #reserved = 0
  /** The result of the last measurement. */
  #measured = 0
  #measuredAt = -Infinity
  /** An upper bound on the growth since the last measurement. */
  #grown = 0
  /** The growth that is allowed before everything is measured again. */
  #room: number
  /** The environment that will run the next measurement; `null` if none is scheduled. */
  #scheduled: Environment | null = null
  /** Whether the scheduled measurement makes room for new sessions. */
  #makesRoom = false

  constructor(limit: number) {
    this.limit = limit
    this.#room = limit * SHORTAGE
  }

  get used(): number {
    return this.usedBeside(null)
  }

  /** The same without the sessions of one application, which the caller measures itself. */
  usedBeside(registry: SessionRegistry | null): number {
    const own = this.#reserved + pooledBytes()
    const others = [...this.#registries].filter((each) => each !== registry)
    const controls = others.flatMap((each) => each.controls)
    return controls.reduce((sum, control) => sum + bytesOf(control), own)
  }

  /** Adds the sessions of an application. */
  add(registry: SessionRegistry): void {
    this.#registries.add(registry)
  }

  /** Reports that a session may hold `bytes` more. Called for every read. */
  grow(bytes: number, environment: Environment): void {
    this.#grown += bytes
    if (this.#grown <= this.#room || this.#scheduled !== null) return
    this.#schedule(environment)
  }

  /** Reserves memory for an undecided upgrade. A negative number releases it. */
  reserve(bytes: number): void {
    this.#reserved += bytes
    if (bytes > 0) this.#grown += bytes
  }

  /**
   * Checks whether there is room for a new session. If there is none, stalled sessions are closed
   * soon.
   *
   * @returns the error for the refusal, or `null`.
   */
  shortage(environment: Environment): MemoryBudgetError | null {
    if (this.#measured + this.#grown <= this.limit * SHORTAGE) return null
    const now = environment.clock.now()
    if (now - this.#measuredAt >= MEASURE_AGAIN_MS) {
      this.#measuredAt = now
      emptyPool()
      this.#setMeasured(this.used)
      if (this.#measured > this.limit * SHORTAGE) {
        this.#makesRoom = true
        if (this.#scheduled === null) this.#schedule(environment)
      }
    }
    if (this.#measured <= this.limit * SHORTAGE) return null
    return new MemoryBudgetError(this.#measured, this.limit)
  }

  /** Whether new sessions are refused now. Measures all sessions if there may be little room. */
  isShort(): boolean {
    if (this.#measured + this.#grown <= this.limit * SHORTAGE) return false
    emptyPool()
    this.#setMeasured(this.used)
    return this.#measured > this.limit * SHORTAGE
  }

  /**
   * Measures all sessions, and closes sessions while the total exceeds the limit. Sessions with the
   * highest cost are closed first, then the largest, then the youngest.
   */
  enforce(): void {
    const now = this.#scheduled?.clock.now() ?? 0
    this.#scheduled = null
    const usages: MemoryUsage[] = []
    // No session is closed for memory that is free.
    emptyPool()
    let used = this.#reserved
    for (const control of this.#controls()) {
      const bytes = bytesOf(control)
      used += bytes
      if (bytes >= TRACKED_BYTES) usages.push(this.#measureUsage(control, now))
    }
    let left = used
    if (used > this.limit) {
      left = this.#shed(usages, used, this.limit, now)
      // All remaining sessions are small. This is needed only if there are very many of them.
      if (left > this.limit) left = this.#shed(this.#small(now), left, this.limit, now)
    } else if (this.#makesRoom && used > this.limit * SHORTAGE) {
      const stalled = usages.filter((usage) => usage.isStalled(now))
      left = this.#shed(stalled, used, this.limit * RELIEF_TARGET, now)
    }
    this.#makesRoom = false
    this.#setMeasured(left)
  }

  /** Closes sessions until the total `used` has fallen to `target`. @returns the new total. */
  #shed(usages: MemoryUsage[], used: number, target: number, now: number): number {
    const error = new MemoryBudgetError(used, this.limit)
    let left = used
    usages.reverse().sort((a, b) => b.cost(now) - a.cost(now) || b.bytes - a.bytes)
    for (const { control, bytes } of usages) {
      if (left <= target) break
      control.shed(error)
      left -= bytes - control.heldBytes
    }
    return left
  }

  #small(now: number): MemoryUsage[] {
    return this.#controls()
      .filter((control) => bytesOf(control) < TRACKED_BYTES)
      .map((control) => this.#measureUsage(control, now))
  }

  #measureUsage(control: SessionControl, now: number): MemoryUsage {
    let usage = this.#usages.get(control)
    if (usage === undefined) {
      usage = new MemoryUsage(control, now)
      this.#usages.set(control, usage)
    }
    usage.measure(now)
    return usage
  }

  #schedule(environment: Environment): void {
    this.#scheduled = environment
    // Deferred: the caller is in the middle of reading or sending, and its session may be closed.
    environment.defer(enforce, this)
  }

  #setMeasured(used: number): void {
    this.#measured = used
    this.#grown = 0
    this.#room = Math.max(this.limit * SHORTAGE - used, this.limit * LEAST_GROWTH)
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
