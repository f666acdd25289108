/**
 * The best rows of many, in order, without keeping or sorting the others.
 */

/** A row and what it is sorted by. */
interface Entry<Row> {
  readonly key: number
  readonly row: Row
}

/** Keeps the `limit` rows with the largest keys. Rows with equal keys stay in order of arrival. */
export class TopRows<Row> {
  readonly #limit: number
  readonly #entries: Array<Entry<Row>> = []

  /** @param limit a whole number above 0. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether a row with this key would be kept: ask before making it. */
  takes(key: number): boolean {
    const { length } = this.#entries
    return length < this.#limit || key > (this.#entries[length - 1]?.key ?? -Infinity)
  }

  add(key: number, row: Row): void {
    if (!this.takes(key)) return
    if (this.#entries.length === this.#limit) this.#entries.pop()
    this.#entries.splice(this.#placeOf(key), 0, { key, row })
  }

  /** The rows, largest key first. */
  get rows(): readonly Row[] {
    return this.#entries.map(({ row }) => row)
  }

  /** The index behind all entries whose key is at least `key`. */
  #placeOf(key: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.key ?? -Infinity) >= key) low = middle + 1
      else high = middle
    }
    return low
  }
}
