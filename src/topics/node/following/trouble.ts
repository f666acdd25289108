/**
 * What a follower needs while its topic is out of step with the log. Made when the first event
 * cannot be applied, because most topics are in step most of the time.
 */

import type { TimerWheel, WheelTimer } from '../../../base/internal.ts'
import { type HeldBudget, HeldEvents } from './held-events.ts'

/** How long the follower waits before it asks a log again that did not answer as expected. */
const RETRY_MS = 250
/** How often the follower reads a hole in vain before it reports the hole as lost. */
const MAX_FRUITLESS = 4

/** Live events that wait, and the reason for which they wait. */
export class Trouble {
  readonly held: HeldEvents
  /** Whether missing events are being read from the log. */
  isHealing = false
  /** Whether the head is being read because of `doubt`. */
  isAsking = false
  /**
   * Whether the log may be another one than before: `open` until its head is known, `proven` when
   * a known offset has come with another event.
   */
  doubt: 'none' | 'open' | 'proven' = 'none'
  /** How many healings in a row have found nothing. */
  #fruitless = 0
  #retry: WheelTimer | null = null

  constructor(budget: HeldBudget) {
    this.held = new HeldEvents(budget)
  }

  /** Whether live events wait for an answer of the broker. */
  get isBusy(): boolean {
    return this.isHealing || this.doubt !== 'none'
  }

  /** Whether the log will be read again after a pause. */
  get isWaiting(): boolean {
    return this.#retry !== null
  }

  /** Whether nothing waits for anything: the follower can do without this object. */
  get isOver(): boolean {
    return !this.isBusy && !this.isWaiting && this.held.isEmpty
  }

  /**
   * Counts a healing that has ended.
   *
   * @returns whether the log has been read in vain so often that the hole is lost.
   */
  healed(hasFound: boolean): boolean {
    this.#fruitless = hasFound || this.held.isEmpty ? 0 : this.#fruitless + 1
    if (this.#fruitless <= MAX_FRUITLESS) return false
    this.#fruitless = 0
    return true
  }

  /** Calls `work` after a pause, unless such a call is still to come. */
  retry(timers: TimerWheel, work: () => void): void {
    this.#retry ??= timers.schedule(RETRY_MS, () => {
      this.#retry = null
      work()
    })
  }

  end(): void {
    this.held.take()
    this.#retry?.cancel()
  }
}
