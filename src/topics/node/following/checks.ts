/**
 * Comparing heads with the broker: a lost last event makes no hole that a later one could show.
 *
 * Each topic is checked twice after it has been followed (a broker of several servers may confirm a
 * subscription before all servers know of it), when the broker is back, and from time to time.
 */

import type { Environment, WheelTimer } from '../../../base/internal.ts'
import type { Broker } from '../../broker.ts'
import type { LogFollower } from './log-follower.ts'

/** Each counted from the one before: at 250 ms and at 2 s. */
const FIRST_CHECKS_MS: readonly number[] = [250, 1750]
const MAX_BATCH = 1024
const TICK_MS = 1000
/** When heads that could not be read, though the broker is up, are asked for again. */
const RETRY_MS = 2000

/** Checks all followed topics with history, in batches. */
export class Checks {
  readonly #broker: Broker
  readonly #environment: Environment
  readonly #everyMs: number
  readonly #isUp: () => boolean
  /** In the order in which they are looked at. */
  readonly #followers = new Set<LogFollower>()
  readonly #due = new Set<LogFollower>()
  /** Of topics whose first checks, or another attempt of a check, are still to come. */
  readonly #timers = new Map<LogFollower, WheelTimer>()
  #tick: WheelTimer | null = null

  constructor(broker: Broker, environment: Environment, everyMs: number, isUp: () => boolean) {
    this.#broker = broker
    this.#environment = environment
    this.#everyMs = everyMs
    this.#isUp = isUp
  }

  add(follower: LogFollower): void {
    this.#followers.add(follower)
    this.#timers.set(follower, this.#firstCheck(follower, 0))
    this.#schedule()
  }

  remove(follower: LogFollower): void {
    this.#followers.delete(follower)
    this.#due.delete(follower)
    this.#timers.get(follower)?.cancel()
    this.#timers.delete(follower)
    if (this.#followers.size > 0) return
    this.#tick?.cancel()
    this.#tick = null
  }

  /** The broker is back. */
  async all(): Promise<void> {
    await this.#check([...this.#followers])
  }

  #firstCheck(follower: LogFollower, index: number): WheelTimer {
    return this.#environment.timers.schedule(FIRST_CHECKS_MS[index] ?? 0, () => {
      this.#soon(follower)
      const isLast = index + 1 === FIRST_CHECKS_MS.length
      if (isLast) this.#timers.delete(follower)
      else this.#timers.set(follower, this.#firstCheck(follower, index + 1))
    })
  }

  #soon(follower: LogFollower): void {
    this.#due.add(follower)
    if (this.#due.size > 1) return
    this.#environment.defer(checkDue, this)
  }

  /** See `checkDue`. */
  checkDue(): void {
    const due = [...this.#due]
    this.#due.clear()
    void this.#check(due)
  }

  #schedule(): void {
    this.#tick ??= this.#environment.timers.schedule(TICK_MS, () => {
      this.#tick = null
      this.#checkSome()
      if (this.#followers.size > 0) this.#schedule()
    })
  }

  /** A second's share of the topics; those that have just had an event are passed over. */
  #checkSome(): void {
    const oldest = this.#environment.clock.now() - this.#everyMs
    let left = Math.ceil((this.#followers.size * TICK_MS) / this.#everyMs)
    const due: LogFollower[] = []
    for (const follower of this.#followers) {
      if (left-- === 0) break
      this.#followers.delete(follower)
      this.#followers.add(follower)
      if (follower.knownAt <= oldest) due.push(follower)
    }
    void this.#check(due)
  }

  /** Never rejects. */
  async #check(followers: readonly LogFollower[]): Promise<void> {
    for (let start = 0; start < followers.length; start += MAX_BATCH) {
      // One batch after the other: all at once would be what a broker that has just come back needs
      // least.
      await this.#checkBatch(followers.slice(start, start + MAX_BATCH))
    }
  }

  async #checkBatch(followers: readonly LogFollower[]): Promise<void> {
    const asked = followers.map(({ topic }) => topic.place)
    const askedAt = Math.floor(this.#environment.clock.now())
    try {
      const heads = await this.#broker.heads(followers.map(({ log }) => log))
      for (const [index, follower] of followers.entries()) {
        const head = heads[index]
        const place = asked[index]
        if (head !== undefined && place !== undefined) follower.checked(head, place, askedAt)
      }
    } catch {
      // When the broker is away, everything is checked when it is back. A broker that is up may
      // also fail to answer: a NATS stream without a leader.
      if (this.#isUp()) for (const follower of followers) this.#retry(follower)
    }
  }

  /** A topic whose first checks are still to come needs no other. */
  #retry(follower: LogFollower): void {
    if (!this.#followers.has(follower) || this.#timers.has(follower)) return
    const timer = this.#environment.timers.schedule(RETRY_MS, () => {
      this.#timers.delete(follower)
      this.#soon(follower)
    })
    this.#timers.set(follower, timer)
  }
}

function checkDue(checks: Checks): void {
  checks.checkDue()
}
