/**
 * How many reads of logs a node has under way at a time. The others wait their turn.
 */

import { Deferred } from '../../../base/internal.ts'

const MAX_READS = 64

/** Turns, first come, first served. Those who wait are topics, one turn each. */
export class ReadSlots {
  readonly #limit: number
  readonly #waiting: Array<Deferred<void>> = []
  #taken = 0

  constructor(limit: number = MAX_READS) {
    this.#limit = limit
  }

  /** Runs `read` when there is a turn. */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#limit) {
      const turn = new Deferred<void>()
      this.#waiting.push(turn)
      await turn.promise
    } else {
      this.#taken++
    }
    try {
      return await read()
    } finally {
      // The slot passes to the next waiting read: a later read cannot take it first.
      const next = this.#waiting.shift()
      if (next === undefined) this.#taken--
      else next.resolve()
    }
  }
}
