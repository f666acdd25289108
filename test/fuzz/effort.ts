/**
 * How long to look: a short run that is the same each time, or as many seconds for each property as
 * `FUZZ_SECONDS` says, from a seed that nobody has chosen. fast-check prints the seed of what it
 * finds.
 */

import fc, { type Parameters, type Plugin } from 'fast-check'

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0)

/** The time limit of a test, in milliseconds. */
export const TIME: { readonly timeout: number } = { timeout: 60_000 + seconds * 1000 }

/** `runs` are those of the short run. */
export function effort<T>(runs: number): Parameters<T> {
  if (seconds === 0) return { numRuns: runs, seed: 6455 }
  return {
    numRuns: Number.MAX_SAFE_INTEGER,
    // It looks at no value: its type only has to be written down.
    plugins: [fc.interruptAfterTimeLimit(seconds * 1000) as Plugin<T>],
  }
}
