/**
 * Counts times in buckets that grow with the time, so that each percentile is exact to 1 %.
 *
 * `createHistogram` of Node cannot be merged across threads, nor drawn: a copy in another thread
 * has neither counts nor `add`.
 */

/** Buckets for each doubling of the time. */
const STEPS = 64
/** From 1 µs to 2^42 µs, which is 50 days. */
const DOUBLINGS = 42

/** The counts of a histogram, to send to another thread. */
export interface HistogramData {
  readonly counts: Float64Array
  readonly sum: number
  readonly min: number
  readonly max: number
}

/** What a histogram says, in milliseconds; all 0 without a value. */
export interface Percentiles {
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** A histogram of times in milliseconds. */
export class Histogram {
  readonly #counts: Float64Array
  #sum = 0
  #min = Infinity
  #max = 0
  #count = 0

  constructor() {
    this.#counts = new Float64Array(STEPS * (DOUBLINGS + 1))
  }

  get count(): number {
    return this.#count
  }

  get data(): HistogramData {
    return { counts: this.#counts, sum: this.#sum, min: this.#min, max: this.#max }
  }

  /** Records one time in milliseconds; a negative one counts as 0. */
  record(ms: number): void {
    const time = Math.max(0, ms)
    const index = indexOf(time * 1000)
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count += 1
    this.#sum += time
    this.#min = Math.min(this.#min, time)
    this.#max = Math.max(this.#max, time)
  }

  /** Adds the counts of another histogram. */
  add({ counts, sum, min, max }: HistogramData): void {
    counts.forEach((count, index) => {
      this.#counts[index] = (this.#counts[index] ?? 0) + count
      this.#count += count
    })
    this.#sum += sum
    this.#min = Math.min(this.#min, min)
    this.#max = Math.max(this.#max, max)
  }

  /** Returns the time below which `share` (0 to 1) of all times are; 0 without a value. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (const [index, count] of this.#counts.entries()) {
      seen += count
      if (count > 0 && seen >= rank) return Math.min(this.#max, valueOf(index) / 1000)
    }
    return 0
  }

  get percentiles(): Percentiles {
    const isEmpty = this.#count === 0
    return {
      count: this.#count,
      min: isEmpty ? 0 : this.#min,
      mean: isEmpty ? 0 : this.#sum / this.#count,
      p50: this.percentile(0.5),
      p90: this.percentile(0.9),
      p99: this.percentile(0.99),
      p999: this.percentile(0.999),
      max: this.#max,
    }
  }
}

/** Below `STEPS` µs there is a bucket for each; above, `STEPS` buckets for each doubling. */
function indexOf(us: number): number {
  const whole = Math.floor(us)
  if (whole < STEPS) return whole
  const doubling = Math.floor(Math.log2(whole / STEPS))
  const step = Math.floor(whole / 2 ** doubling) - STEPS
  return Math.min(STEPS * (DOUBLINGS + 1) - 1, STEPS * (doubling + 1) + step)
}

/** The upper end of a bucket, in µs. */
function valueOf(index: number): number {
  if (index < STEPS) return index
  const doubling = Math.floor(index / STEPS) - 1
  return (STEPS + (index % STEPS) + 1) * 2 ** doubling
}
