/**
 * The connections of one thread of a benchmark.
 */

import type { Clock } from '../../base/index.ts'
import { delayOn } from '../../base/internal.ts'
import type { WebSocketClientSession } from '../../client/index.ts'
import { failureOf } from '../exit-code.ts'
import type { LoadResult } from './bench-result.ts'
import { Histogram } from './histogram.ts'

/** Opens one connection. */
export type OpenConnection = () => Promise<WebSocketClientSession>

/** How many connections are being opened at a time. */
const MAX_OPENING = 256

/** Opens connections, and counts those that fail or end early. */
export class Fleet {
  readonly sessions: WebSocketClientSession[] = []
  readonly connect: Histogram = new Histogram()
  readonly #open: OpenConnection
  readonly #clock: Clock
  #failed = 0
  #closed = 0
  #isEnding = false
  #firstFailure: LoadResult['firstFailure'] = null

  constructor(open: OpenConnection, clock: Clock) {
    this.#open = open
    this.#clock = clock
  }

  get failed(): number {
    return this.#failed
  }

  get closed(): number {
    return this.#closed
  }

  get firstFailure(): LoadResult['firstFailure'] {
    return this.#firstFailure
  }

  /** Opens `count` connections, evenly over `ramp` milliseconds. Resolves when all have settled. */
  async openAll(count: number, ramp: number, signal: AbortSignal): Promise<void> {
    const startedAt = this.#clock.now()
    let next = 0
    const openSome = async (): Promise<void> => {
      while (next < count) {
        const dueAt = startedAt + (ramp * next++) / count
        const wait = dueAt - this.#clock.now()
        if (wait > 0) await delayOn(this.#clock, wait, [signal])
        await this.openOne()
      }
    }
    await Promise.all(Array.from({ length: Math.min(count, MAX_OPENING) }, openSome))
  }

  /**
   * Opens one connection.
   *
   * @param isTriedAgain whether a failure is not final, and does not count.
   * @returns `null` if that failed.
   */
  async openOne(isTriedAgain: boolean = false): Promise<WebSocketClientSession | null> {
    const since = this.#clock.now()
    try {
      const session = await this.#open()
      this.connect.record(this.#clock.now() - since)
      this.sessions.push(session)
      void session.closed.then(() => {
        if (!this.#isEnding) this.#closed += 1
      })
      return session
    } catch (error) {
      const failure = failureOf(error)
      if (failure === null) throw error
      this.#firstFailure ??= failure
      if (!isTriedAgain) this.#failed += 1
      return null
    }
  }

  /** Drops all connections on purpose, which does not count as an early end. */
  async dropAll(): Promise<void> {
    this.#isEnding = true
    const dropped = this.sessions.splice(0)
    for (const session of dropped) session.terminate()
    await Promise.all(dropped.map(({ closed }) => closed))
    this.#isEnding = false
  }

  /** Closes all connections with 1000. */
  async closeAll(): Promise<void> {
    this.#isEnding = true
    for (const session of this.sessions) void session.close()
    await Promise.all(this.sessions.map(({ closed }) => closed))
  }
}
