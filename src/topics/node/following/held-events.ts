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

/** The events of one topic, in the order in which they came. */
export class HeldEvents {
  #events: HeldEvent[] = []
  #bytes = 0
  #hasDropped = false

  /** Whether nothing waits, and nothing was dropped. */
  get isEmpty(): boolean {
    return this.#events.length === 0 && !this.#hasDropped
  }

  /** Keeps an event, or drops it if there are too many: the log has it. */
  add(event: HeldEvent): void {
    const bytes = this.#bytes + event.message.length
    if (this.#events.length >= MAX_EVENTS || bytes > MAX_BYTES) {
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
    const later = this.#events
    this.#events = []
    this.#bytes = 0
    this.#hasDropped ||= hasDropped
    for (const event of [...events, ...later]) this.add(event)
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
    this.#events = []
    this.#bytes = 0
    this.#hasDropped = false
    return taken
  }
}
