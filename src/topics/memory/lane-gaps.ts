/**
 * The sequences of a lane that were passed over: a later append was stored, and these were not.
 *
 * A broker may refuse one append and store the next one of the same lane. If both answers are lost,
 * only these gaps tell the refused append from one that is stored.
 */

/** Ranges of sequences, in order. Both ends are included. */
export type Gaps = ReadonlyArray<readonly [first: number, last: number]>

export const NO_GAPS: Gaps = []

/**
 * How many gaps a lane remembers. Above it, the two oldest become one, which also has the stored
 * sequences between them: whether these are stored is then unknown.
 */
const MAX_GAPS = 16
/** A gap that is so far behind is forgotten: no publisher has so many appends under way. */
const MAX_DISTANCE = 16_384

/** Whether `sequence` may not have been stored. */
export function hasGap(gaps: Gaps, sequence: number): boolean {
  return gaps.some(([first, last]) => first <= sequence && sequence <= last)
}

/**
 * @param last the highest sequence before; 0 for none.
 * @returns the gaps after `sequence` was stored.
 */
export function withGap(gaps: Gaps, last: number, sequence: number): Gaps {
  if (sequence === last + 1 && gaps.length === 0) return gaps
  const kept = gaps.filter(([, end]) => end >= sequence - MAX_DISTANCE)
  const all: Gaps = sequence > last + 1 ? [...kept, [last + 1, sequence - 1]] : kept
  const [oldest, second, ...rest] = all
  if (all.length <= MAX_GAPS || oldest === undefined || second === undefined) return all
  return [[oldest[0], second[1]], ...rest]
}
