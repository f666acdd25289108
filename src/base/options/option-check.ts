/**
 * Checks of single options. Each error names the option, its value or its kind, and what is
 * expected. `act` is always what cannot be done, such as `install WebSockets`.
 */

import { kindOf } from '../any-value.ts'
import { type Duration, toMilliseconds } from '../duration.ts'

/** Throws unless `value` is an object that may have fields. */
export function requireObject(act: string, name: string, value: unknown): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  throw new TypeError(`Cannot ${act}: ${name} is ${kindOf(value)}, expected an object`)
}

/**
 * Throws for an unknown option, because a misspelt option would otherwise be ignored.
 *
 * @param prefix what stands before the names in the message, such as `channels.`.
 * @throws {TypeError} naming the nearest known names, or all of them when none is near.
 */
export function requireKnownNames(
  act: string,
  options: object,
  known: readonly string[],
  prefix: string = '',
): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = nearest(name, known)
    const candidates = (near.length > 0 ? near : known).map((each) => `"${prefix}${each}"`)
    const expected =
      candidates.length === 0
        ? 'no options'
        : `${candidates.length === 1 ? '' : 'one of '}${candidates.join(', ')}`
    throw new TypeError(`Cannot ${act}: unknown option "${prefix}${name}", expected ${expected}`)
  }
}

/** The valid range of a number. */
export interface NumberRange {
  /** The smallest, inclusive. */
  readonly min: number
  /** The largest, inclusive. @defaultValue the largest safe integer */
  readonly max?: number
  /** Whether `Infinity` is valid. @defaultValue false */
  readonly allowInfinity?: boolean
}

/** The range of limits; `Infinity` is no limit. */
export const WHOLE_OR_INFINITE: NumberRange = { min: 1, allowInfinity: true }

/** Reads a whole number; `fallback` when it is absent. */
export function readWholeNumber(
  act: string,
  name: string,
  value: unknown,
  fallback: number,
  range: NumberRange,
): number {
  if (value === undefined) return fallback
  const { min, max = Infinity } = range
  const isInRange = typeof value === 'number' && value >= min && value <= max
  if (
    isInRange &&
    (Number.isSafeInteger(value) || (value === Infinity && range.allowInfinity === true))
  ) {
    return value
  }
  const bounds = max === Infinity ? `of ${min} or above` : `from ${min} to ${max}`
  const expected = `a whole number ${bounds}${range.allowInfinity === true ? ', or Infinity' : ''}`
  const message = `Cannot ${act}: option "${name}" is ${kindOf(value)}, expected ${expected}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}

/** Reads a duration above 0, or `null`; `fallback` when it is absent. */
export function readPeriod(
  act: string,
  name: string,
  value: Duration | null | undefined,
  fallback: number | null,
): number | null {
  return value === null ? null : readDuration(act, name, value, fallback)
}

/** Reads a duration above 0; `fallback` when it is absent. */
export function readDuration<Fallback>(
  act: string,
  name: string,
  value: Duration | undefined,
  fallback: Fallback,
): number | Fallback {
  if (value === undefined) return fallback
  const lengthMs = toMilliseconds(value, name, { act })
  if (lengthMs > 0) return lengthMs
  throw new RangeError(`Cannot ${act}: option "${name}" is 0, expected a duration above 0`)
}

/**
 * As `readDuration`, for options that are rarely set below a second. A bare number below 1000 is
 * invalid, because it is nearly always meant as seconds: `pingPeriod: 30`.
 */
export function readTimeLimit<Fallback>(
  act: string,
  name: string,
  value: Duration | undefined,
  fallback: Fallback,
): number | Fallback {
  requireNoBareSeconds(act, name, value)
  return readDuration(act, name, value, fallback)
}

/** Throws for a bare number above 0 and below 1000. */
export function requireNoBareSeconds(
  act: string,
  name: string,
  value: Duration | null | undefined,
): void {
  if (typeof value !== 'number' || value <= 0 || value >= 1000) return
  throw new RangeError(
    `Cannot ${act}: option "${name}" is ${value}, in milliseconds; did you mean seconds(${value})? ` +
      `Expected 1000 or more, or { milliseconds: ${value} }`,
  )
}

/** As `readTimeLimit`; `null` is no limit. */
export function readOptionalTimeLimit(
  act: string,
  name: string,
  value: Duration | null | undefined,
  fallback: number | null,
): number | null {
  return value === null ? null : readTimeLimit(act, name, value, fallback)
}

/** Reads a boolean; `fallback` when it is absent. */
export function readSwitch(act: string, name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value === 'boolean') return value
  throw new TypeError(`Cannot ${act}: option "${name}" is ${kindOf(value)}, expected true or false`)
}

/** Reads one of a few words; `fallback` when it is absent. */
export function readChoice<Choice extends string>(
  act: string,
  name: string,
  value: Choice | undefined,
  fallback: Choice,
  choices: readonly Choice[],
): Choice {
  return value === undefined ? fallback : requireChoice(act, name, value, choices)
}

/**
 * Returns `value` if it is one of a few words, and throws otherwise.
 *
 * @param also another valid value, which the caller has looked for, as the message names it.
 */
export function requireChoice<Choice extends string>(
  act: string,
  name: string,
  value: unknown,
  choices: readonly Choice[],
  also?: string,
): Choice {
  const chosen = choices.find((each) => each === value)
  if (chosen !== undefined) return chosen
  const words = choices.map((each) => `"${each}"`)
  if (also !== undefined) words.push(also)
  const expected = words.length > 2 ? `one of ${words.join(', ')}` : words.join(' or ')
  throw new TypeError(`Cannot ${act}: option "${name}" is ${kindOf(value)}, expected ${expected}`)
}

/** Throws unless `value` is a function. */
export function requireFunction(act: string, name: string, value: unknown): void {
  if (typeof value === 'function') return
  throw new TypeError(`Cannot ${act}: ${name} is ${kindOf(value)}, expected a function`)
}

/**
 * Throws if a block that declares things is async: a declaration after its first `await` would come
 * too late, and nothing would handle its failure.
 */
export function requireSynchronous(act: string, name: string, result: unknown): void {
  if (!(result instanceof Promise)) return
  // The throw below reports the mistake. The promise's own failure would only repeat it.
  result.catch(() => {})
  throw new TypeError(`Cannot ${act}: ${name} is async, expected a synchronous function`)
}

/** The known names that are a few typing errors away from `name`, nearest first. */
function nearest(name: string, known: readonly string[]): string[] {
  const allowed = Math.max(2, Math.floor(name.length / 3))
  return known
    .map((each) => ({ each, distance: editDistance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
    .map(({ each }) => each)
}

/** The Levenshtein distance: insertions, deletions and replacements of one character. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const current = [i]
    for (let j = 1; j <= to.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      current.push(Math.min(replace, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[to.length] ?? 0
}
