/**
 * The loops that watch the members of one topic. Above `listed` members, or above 512 KiB of them,
 * they get counts, at most one per second, and no single changes.
 */

import type { TimerWheel, WheelTimer } from '../../base/internal.ts'
import type { MemberChange, MemberTable } from './member-table.ts'
import type { PresenceChange } from './presence.ts'
import { PresenceWatch } from './presence-watch.ts'

/** What the watches need of their topic. */
export interface TopicWatchesParts {
  readonly timers: TimerWheel
  /** Up to how many members are listed one by one. */
  readonly listed: number
  readonly all: MemberTable
  /** Whether the members of other processes are known. When they are, `renew` is called. */
  readonly isReady: () => boolean
  /** A watch has ended. */
  readonly left: () => void
}

const COUNT_EVERY_MS = 1000

/**
 * A list has at most so many bytes in JSON. Clients receive messages of 1 MiB by default, and a
 * client that gets a larger one ends for good.
 */
const MAX_LIST_BYTES = 512 * 1024

/** The watches of one topic. */
export class TopicWatches {
  readonly #parts: TopicWatchesParts
  readonly #watches = new Set<PresenceWatch>()
  /** Whether there were more members than fit into a list, at the last count or since. */
  #isAbove = false
  #countTimer: WheelTimer | null = null

  constructor(parts: TopicWatchesParts) {
    this.#parts = parts
  }

  /** How many watches there are. */
  get size(): number {
    return this.#watches.size
  }

  /** Begins a watch. It ends by itself, by its signal, or with `end`. */
  open(signal: AbortSignal | null, isCounting: boolean): PresenceWatch {
    const { isReady, left } = this.#parts
    const source = {
      isReady,
      members: (counting: boolean): PresenceChange => this.#members(counting),
      left: (each: PresenceWatch): void => {
        this.#watches.delete(each)
        left()
      },
    }
    const watch = new PresenceWatch(source, signal, isCounting)
    this.#watches.add(watch)
    return watch
  }

  /** The members have changed. */
  tell(change: MemberChange): void {
    if (!this.#areListed) this.#isAbove = true
    for (const watch of this.#watches) {
      if (watch.isCounting || this.#isAbove) this.#tellCount()
      else watch.push(change)
    }
  }

  /** All watches get the members again. */
  renew(): void {
    for (const watch of this.#watches) watch.renew()
  }

  /** Ends all watches. */
  end(): void {
    this.#countTimer?.cancel()
    this.#countTimer = null
    for (const watch of this.#watches) watch.end()
  }

  /** Whether a list has all members. */
  get #areListed(): boolean {
    const { all, listed } = this.#parts
    return all.size <= listed && all.bytes <= MAX_LIST_BYTES
  }

  #members(isCounting: boolean): PresenceChange {
    const { all, listed } = this.#parts
    const count = all.size
    if (isCounting) return { type: 'count', count }
    return { type: 'members', members: all.list(listed, MAX_LIST_BYTES), count }
  }

  /**
   * Sends counts, at most once per second. When there are few enough members again, the list comes
   * with that timer too: a client that joins and leaves could otherwise cause a list each time.
   */
  #tellCount(): void {
    const { all, timers } = this.#parts
    this.#countTimer ??= timers.schedule(COUNT_EVERY_MS, () => {
      this.#countTimer = null
      const count = all.size
      const isListed = this.#isAbove && this.#areListed
      if (isListed) this.#isAbove = false
      for (const watch of this.#watches) {
        if (watch.isCounting || this.#isAbove) watch.push({ type: 'count', count })
        else if (isListed) watch.renew()
      }
    })
  }
}
