/**
 * What all runs of messages have in common.
 */

import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import type { Histogram } from '../histogram.ts'
import type { Timeline } from '../timeline.ts'
import type { Faults } from './tally.ts'

/** Beyond so many sends that wait for a slow server, messages count as unsent. */
export const MAX_WAITING = 100_000

/** The counts of one run. */
export interface RunCounts extends Faults {
  readonly sent: number
  readonly unsent: number
  readonly received: number
  /** Requests that were answered with a failure. */
  readonly errors: number
}

/** A run over connections that are open. */
export interface LoadRun {
  readonly latency: Histogram
  readonly timeline: Timeline
  readonly counts: RunCounts
  /** Failures of requests by code. */
  readonly errors: Readonly<Record<string, number>>
  /** Says why the first request failed, or why its answer is invalid; `null`: none did. */
  readonly firstError: string | null
  /** Runs the schedule, and then waits for what is missing, `drain` milliseconds at most. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

/** Waits for the last answers. */
export class Draining {
  readonly #complete = new Deferred<void>()

  /** Everything has come. */
  complete(): void {
    this.#complete.resolve()
  }

  /** Resolves at `complete`, at an abort, or after `ms`. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    using _timer = clock.setTimer(ms, () => this.complete())
    const stopped = (): void => this.complete()
    signal.addEventListener('abort', stopped, { once: true })
    if (!signal.aborted) await this.#complete.promise
    signal.removeEventListener('abort', stopped)
  }
}
