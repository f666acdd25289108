/**
 * Handles a limited number of items in each turn of the event loop. Sessions, timers and signals
 * then get their turns while thousands of clients connect at once.
 */

import type { Environment } from '../../../base/internal.ts'

/** A queue whose items are handled in order: at once while the turn has room, later otherwise. */
export class PerTurn<Item> {
  readonly #environment: Environment
  readonly #limit: number
  readonly #handle: (item: Item) => void
  readonly #waiting: Item[] = []
  /** How many more may be handled in this turn. */
  #left: number

  /** @param handle never throws. */
  constructor(environment: Environment, limit: number, handle: (item: Item) => void) {
    this.#environment = environment
    this.#limit = limit
    this.#handle = handle
    this.#left = limit
  }

  add(item: Item): void {
    if (this.#left === this.#limit) this.#environment.deferPastIo(nextTurn, this)
    if (this.#left > 0) {
      this.#left--
      this.#handle(item)
    } else {
      this.#waiting.push(item)
    }
  }

  /** The next turn of the event loop has begun. */
  nextTurn(): void {
    this.#left = this.#limit
    for (const item of this.#waiting.splice(0, this.#limit)) this.add(item)
  }
}

function nextTurn(queue: { nextTurn(): void }): void {
  queue.nextTurn()
}
