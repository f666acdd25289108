/**
 * The leases of the other processes.
 *
 * A process lives until it has been silent for a lease. A process that says goodbye counts for the
 * grace, and is not listened to meanwhile. While this process cannot reach the broker it hears no
 * other process, so no lease ends.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'

/** What the leases need of their process. */
export interface LeasesParts {
  readonly environment: Environment
  readonly nodeTimeoutMs: number
  readonly graceMs: number
  /** The members of a process no longer count. */
  readonly gone: (node: string) => void
}

/** A process that lives. */
interface Lease {
  heardAt: number
  timer: WheelTimer | null
}

/** How many processes that do not live are remembered. */
const MAX_MISSED = 10_000

/** All leases, as one process knows them. */
export class Leases {
  readonly #parts: LeasesParts
  readonly #live = new Map<string, Lease>()
  /** Processes that have stopped, until their members no longer count. */
  readonly #leaving = new Map<string, WheelTimer>()
  /** Since when processes that do not live have been missed, the longest missed first. */
  readonly #missed = new Map<string, number>()
  #isListening = false

  constructor(parts: LeasesParts) {
    this.#parts = parts
  }

  /** The processes that live. */
  get live(): Iterable<string> {
    return this.#live.keys()
  }

  /** Whether a process lives. */
  has(node: string): boolean {
    return this.#live.has(node)
  }

  /**
   * Whether a process has been silent for its whole lease. The lease of an unknown process begins
   * with the first question: its announcement may be on the way.
   */
  isGone(node: string): boolean {
    if (this.#live.has(node) || this.#leaving.has(node) || !this.#isListening) return false
    const now = this.#now
    const missedSince = this.#missed.get(node)
    if (missedSince === undefined) this.#miss(node, now)
    return missedSince !== undefined && now - missedSince >= this.#parts.nodeTimeoutMs
  }

  /** The broker can be used: each process that lived has a new lease. */
  begin(): void {
    this.#isListening = true
    for (const node of this.#live.keys()) this.#renew(node)
  }

  /** The broker cannot be used: no lease ends. */
  pause(): void {
    this.#isListening = false
    this.#missed.clear()
    for (const { timer } of this.#live.values()) timer?.cancel()
  }

  /** A process has given a sign of life. @returns `false` for one that has stopped. */
  heard(node: string): boolean {
    if (this.#leaving.has(node)) return false
    this.#renew(node)
    return true
  }

  /** A process has said goodbye. */
  leave(node: string): void {
    this.#live.get(node)?.timer?.cancel()
    this.#live.delete(node)
    if (this.#leaving.has(node)) return
    const { environment, gone, graceMs } = this.#parts
    const forget = (): void => {
      this.#leaving.delete(node)
      this.#miss(node, -Infinity)
      gone(node)
    }
    this.#leaving.set(node, environment.timers.schedule(graceMs, forget))
  }

  /** Ends all leases, and tells nothing any more. */
  end(): void {
    for (const { timer } of this.#live.values()) timer?.cancel()
    for (const timer of this.#leaving.values()) timer.cancel()
    this.#live.clear()
    this.#leaving.clear()
  }

  get #now(): number {
    return this.#parts.environment.clock.now()
  }

  #renew(node: string): void {
    const lease = this.#live.get(node) ?? { heardAt: 0, timer: null }
    lease.heardAt = this.#now
    this.#live.set(node, lease)
    this.#missed.delete(node)
    if (lease.timer?.isPending !== true) this.#watch(node, lease, this.#parts.nodeTimeoutMs)
  }

  /** One timer for each lease. It is set again only after it has run out. */
  #watch(node: string, lease: Lease, ms: number): void {
    const { environment, gone, nodeTimeoutMs } = this.#parts
    lease.timer = environment.timers.schedule(ms, () => {
      const leftMs = lease.heardAt + nodeTimeoutMs - this.#now
      if (leftMs > 0) {
        this.#watch(node, lease, leftMs)
        return
      }
      this.#live.delete(node)
      this.#miss(node, lease.heardAt)
      gone(node)
    })
  }

  #miss(node: string, since: number): void {
    this.#missed.set(node, since)
    if (this.#missed.size <= MAX_MISSED) return
    for (const first of this.#missed.keys()) {
      this.#missed.delete(first)
      return
    }
  }
}
