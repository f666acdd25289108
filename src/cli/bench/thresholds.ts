/**
 * Thresholds for the result of a benchmark: `p99<50ms,lost=0`.
 */

import { quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'

/** One condition. */
export interface Threshold {
  readonly text: string
  readonly name: string
  readonly holds: (value: number) => boolean
}

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '=': (value, limit) => value === limit,
}

const UNITS: Readonly<Record<string, number>> = { '': 1, us: 0.001, ms: 1, s: 1000 }

/**
 * Reads conditions that are separated by commas.
 *
 * @param names the values that a result has.
 * @throws {UsageError} for an unknown name, operator or unit.
 */
export function readThresholds(text: string, names: readonly string[]): readonly Threshold[] {
  return text.split(',').map((part) => {
    const match = /^\s*([a-z0-9]+)\s*(<=|>=|<|>|=)\s*(\d+(?:\.\d+)?)\s*(us|ms|s|)\s*$/.exec(part)
    const [, name = '', operator = '', digits = '', unit = ''] = match ?? []
    const compare = COMPARE[operator]
    if (compare === undefined || !names.includes(name)) {
      throw new UsageError(
        `Cannot use --expect: it has ${quoted(part)}, expected p99<50ms with one of ${names.join(', ')}`,
      )
    }
    const limit = Number(digits) * (UNITS[unit] ?? 1)
    return { text: part.trim(), name, holds: (value) => compare(value, limit) }
  })
}
