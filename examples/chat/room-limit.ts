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

/** Counts a room from its first entry until 25 hours after the last one who entered has left. */
export class RoomLimit {
  readonly #clock: Clock
  /** The people in each room. */
  readonly #present = new Map<string, number>()
  /** When a room became empty, the oldest first. */
  readonly #emptySince = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns `false` if the room is new, and there are too many others. */
  enter(room: string): boolean {
    this.#forget()
    const people = this.#present.get(room) ?? 0
    const isKnown = people > 0 || this.#emptySince.has(room)
    if (!isKnown && this.#present.size + this.#emptySince.size >= MAX_ROOMS) return false
    this.#present.set(room, people + 1)
    this.#emptySince.delete(room)
    return true
  }

  /** Somebody who has entered leaves. */
  leave(room: string): void {
    const people = this.#present.get(room) ?? 0
    if (people > 1) this.#present.set(room, people - 1)
    else {
      this.#present.delete(room)
      this.#emptySince.set(room, this.#clock.now())
    }
  }

  #forget(): void {
    const now = this.#clock.now()
    for (const [room, since] of this.#emptySince) {
      if (now - since < KEPT_MS) break
      this.#emptySince.delete(room)
    }
  }
}
