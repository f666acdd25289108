/** Medians and spreads of a few samples. */

/** The median; `NaN` of no samples. */
export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median, smallest and largest. */
export function summary(samples) {
  return { median: median(samples), low: Math.min(...samples), high: Math.max(...samples) }
}

/**
 * The ratio of two servers: the median of what each round says by itself. Rounds are compared with themselves
 * because a shared machine's speed wanders from minute to minute.
 */
export function ratio(ours, theirs) {
  return summary(ours.map((value, round) => value / theirs[round]))
}
