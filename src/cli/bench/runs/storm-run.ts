/**
 * Drops all connections at once, and measures until all are back: the mode `storm`.
 */

import type { Clock } from '../../../base/index.ts'
import { delayOn } from '../../../base/internal.ts'
import type { StormCounts } from '../bench-result.ts'
import type { Fleet } from '../fleet.ts'
import { Histogram } from '../histogram.ts'

/** The first wait after a failed attempt; it doubles. */
const BASE_DELAY_MS = 100
const MAX_DELAY_MS = 5000

/** What a storm needs. */
export interface StormParts {
  readonly fleet: Fleet
  readonly clock: Clock
  /** Returns a number from 0 to 1. */
  readonly random: () => number
  /** The time limit for all to be back, in milliseconds. */
  readonly limit: number
  readonly signal: AbortSignal
}

/**
 * Drops all connections and opens them again.
 *
 * @param jitter `false`: all come back at once, and wait the same time after a failure. `true`:
 *   each waits at random, at most a second before its first attempt.
 */
export async function runStorm(parts: StormParts, jitter: boolean): Promise<StormCounts> {
  const { clock, fleet, limit, signal } = parts
  const count = fleet.sessions.length
  await fleet.dropAll()
  const droppedAt = clock.now()
  const back = new Histogram()
  let attempts = 0

  const comeBack = async (): Promise<void> => {
    let delay = BASE_DELAY_MS
    if (jitter) await delayOn(clock, parts.random() * 1000, [signal])
    while (clock.now() - droppedAt < limit) {
      attempts += 1
      if ((await fleet.openOne(true)) !== null) {
        back.record(clock.now() - droppedAt)
        return
      }
      await delayOn(clock, jitter ? parts.random() * delay : delay, [signal])
      delay = Math.min(MAX_DELAY_MS, delay * 2)
    }
  }
  await Promise.all(Array.from({ length: count }, comeBack))
  const isComplete = back.count === count
  return { jitter, allBack: isComplete ? back.percentiles.max : null, attempts, back: back.data }
}
