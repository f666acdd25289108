/**
 * Bounds the rooms of one process. A room keeps its last messages after everybody has left, so
 * clients that invent names could fill the memory.
 */

import { hours } from 'towpath'
import type { Clock } from 'towpath'

/** The most rooms at a time. */
export const MAX_ROOMS = 500

/** The broker deletes the messages of a room one day after they have expired. */
const KEPT_MS = hours(25)

/** Counts a room from its first entry until 25 hours after its last one. */
export class RoomLimit {
  readonly #clock: Clock
  /** The time of the last entry by room, the oldest first. */
  readonly #entries = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts an entry. @returns `false` if the room is new, and there are too many others. */
  admits(room: string): boolean {
    const now = this.#clock.now()
    for (const [old, enteredAt] of this.#entries) {
      if (now - enteredAt < KEPT_MS) break
      this.#entries.delete(old)
    }
    if (!this.#entries.has(room) && this.#entries.size >= MAX_ROOMS) return false
    this.#entries.delete(room) // the last entry comes last
    this.#entries.set(room, now)
    return true
  }
}
