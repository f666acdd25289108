/**
 * The samples of the last minutes, for charts of a page that has just been opened.
 */

import { type History, type Sample, SERIES, type SeriesName } from './wire.ts'

/** Ten minutes, at a sample a second. */
const MAX_SAMPLES = 600
const GAP_MS = 5000

/** Keeps the newest samples. */
export class SampleHistory {
  readonly #times: number[] = []
  readonly #series = emptySeries()

  /** @param at milliseconds since 1970. */
  add(at: number, sample: Sample): void {
    const last = this.#times.at(-1)
    // Nobody looked meanwhile: charts must not draw a line over the gap.
    if (last !== undefined && at - last > GAP_MS) this.#push(last + 1, null)
    this.#push(at, sample)
  }

  /** Shares its arrays: encode it at once. */
  get current(): History {
    return { times: this.#times, series: this.#series }
  }

  #push(at: number, sample: Sample | null): void {
    this.#times.push(at)
    const isFull = this.#times.length > MAX_SAMPLES
    if (isFull) this.#times.shift()
    for (const name of SERIES) {
      const values = this.#series[name]
      values.push(sample === null ? null : sample[name])
      if (isFull) values.shift()
    }
  }
}

function emptySeries(): Record<SeriesName, Array<number | null>> {
  // The object has the names of SERIES and no others.
  return Object.fromEntries(SERIES.map((name) => [name, []])) as unknown as Record<
    SeriesName,
    Array<number | null>
  >
}
