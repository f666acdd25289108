/**
 * What a follower needs while its topic is out of step with the log. Made when the first event
 * cannot be applied, because most topics are in step most of the time.
 */

import type { TimerWheel, WheelTimer } from '../../../base/internal.ts'
import { type HeldBudget, HeldEvents } from './held-events.ts'

/** The first and the longest pause before the log is read again. Each pause doubles the last. */
const MIN_RETRY_MS = 250
const MAX_RETRY_MS = 1000
/**
 * How often a log that answers does not have the events of a hole, before the hole is reported as
 * lost: for about 4 s. A leader that was just elected may not have everything yet.
 */
const MAX_FRUITLESS = 5
/**
 * How often the log cannot be read, before a hole is reported as lost although the log may have its
 * events: for a minute at least. Live events come meanwhile, and subscribers wait for them.
 */
const MAX_FAILED = 60

/** The outcome of an attempt to read missing events: `failed` if the log could not be read. */
export type Healing = 'found' | 'nothing' | 'failed'

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
  /** How many healings since the last success found nothing, and how many could not read. */
  #fruitless = 0
  #failed = 0
  /** How many pauses there were since the log last answered as expected. */
  #pauses = 0
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
  healed(healing: Healing): boolean {
    if (healing === 'nothing') this.#fruitless++
    if (healing === 'failed') this.#failed++
    const isOver = healing === 'found' || this.held.isEmpty
    const isLost = !isOver && (this.#fruitless > MAX_FRUITLESS || this.#failed > MAX_FAILED)
    if (isOver || isLost) {
      this.#fruitless = 0
      this.#failed = 0
      this.#pauses = 0
    }
    return isLost
  }

  /** Calls `work` after a pause, unless such a call is still to come. */
  retry(timers: TimerWheel, work: () => void): void {
    if (this.#retry !== null) return
    const ms = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** this.#pauses++)
    this.#retry = timers.schedule(ms, () => {
      this.#retry = null
      work()
    })
  }

  end(): void {
    this.held.take()
    this.#retry?.cancel()
  }
}
