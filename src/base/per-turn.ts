/**
 * Handles a limited number of items in each turn of the event loop. Sessions, timers and signals
 * then get their turns while thousands of clients connect or leave at once.
 */

import type { Environment } from './environment.ts'

/** A queue whose items are handled in order: at once while the turn has room, later otherwise. */
export class PerTurn<Item> {
  readonly #environment: Pick<Environment, 'deferPastIo'>
  readonly #limit: number
  readonly #handle: (item: Item) => void
  #waiting: Item[] = []
  /** How many more may be handled in this turn. */
  #left: number

  /** @param handle never throws; if it does, that is a bug, the items behind are handled later. */
  constructor(
    environment: Pick<Environment, 'deferPastIo'>,
    limit: number,
    handle: (item: Item) => void,
  ) {
    this.#environment = environment
    this.#limit = limit
    this.#handle = handle
    this.#left = limit
  }

  /** Whether every item has been handled. */
  get isIdle(): boolean {
    return this.#waiting.length === 0
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
    if (this.#waiting.length === 0) return
    this.#environment.deferPastIo(nextTurn, this)
    const batch = this.#waiting.splice(0, this.#limit)
    this.#left -= batch.length
    let handled = 0
    try {
      for (const item of batch) {
        handled++
        this.#handle(item)
      }
    } finally {
      if (handled < batch.length) this.#waiting = [...batch.slice(handled), ...this.#waiting]
    }
  }
}

function nextTurn(queue: { nextTurn(): void }): void {
  queue.nextTurn()
}
