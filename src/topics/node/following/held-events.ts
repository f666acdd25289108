/**
 * Live events that cannot be applied yet: they wait until the events before them have been read.
 */

import type { EventPlace } from '../../broker.ts'

/** A live event, as it has come. */
export interface HeldEvent {
  readonly place: EventPlace
  readonly message: Uint8Array
}

const MAX_EVENTS = 256
const MAX_BYTES = 1 << 20

/** What all topics of a node may hold. */
export const HELD_BUDGET_BYTES: number = 16 * 1024 * 1024
/** What a held event takes beside its message. */
const EVENT_COST_BYTES = 256

/** The memory that the held events of all topics of a node may take together. */
export class HeldBudget {
  readonly #limit: number
  #bytes = 0

  constructor(limit: number = HELD_BUDGET_BYTES) {
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Takes room for one event. @returns `false` if there is not enough. */
  take(messageBytes: number): boolean {
    const bytes = this.#bytes + messageBytes + EVENT_COST_BYTES
    if (bytes > this.#limit) return false
    this.#bytes = bytes
    return true
  }

  /** Gives back the room of `count` events, whose messages have `messageBytes` together. */
  giveBack(count: number, messageBytes: number): void {
    this.#bytes -= messageBytes + count * EVENT_COST_BYTES
  }
}

/** The events of one topic, in the order in which they came. */
export class HeldEvents {
  readonly #budget: HeldBudget
  #events: HeldEvent[] = []
  #bytes = 0
  #hasDropped = false

  constructor(budget: HeldBudget) {
    this.#budget = budget
  }

  /** Whether nothing waits, and nothing was dropped. */
  get isEmpty(): boolean {
    return this.#events.length === 0 && !this.#hasDropped
  }

  /** Keeps an event, or drops it if the topic or the node holds too many: the log has it. */
  add(event: HeldEvent): void {
    const bytes = this.#bytes + event.message.length
    const isFull = this.#events.length >= MAX_EVENTS || bytes > MAX_BYTES
    if (isFull || !this.#budget.take(event.message.length)) {
      this.#hasDropped = true
      return
    }
    this.#bytes = bytes
    this.#events.push(event)
  }

  /**
   * Keeps events that were taken, before all that came since.
   *
   * @param hasDropped whether others were dropped, as `take` returned it.
   */
  putBack(events: readonly HeldEvent[], hasDropped: boolean): void {
    const later = this.take()
    this.#hasDropped = hasDropped || later.hasDropped
    for (const event of [...events, ...later.events]) this.add(event)
  }

  /** The first event that `isNext` accepts. */
  find(isNext: (event: HeldEvent) => boolean): HeldEvent | undefined {
    return this.#events.find(isNext)
  }

  /**
   * Empties the list.
   *
   * @returns the events, and whether others were dropped.
   */
  take(): { readonly events: readonly HeldEvent[]; readonly hasDropped: boolean } {
    const taken = { events: this.#events, hasDropped: this.#hasDropped }
    this.#budget.giveBack(this.#events.length, this.#bytes)
    this.#events = []
    this.#bytes = 0
    this.#hasDropped = false
    return taken
  }
}
