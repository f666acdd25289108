/**
 * Durations in options: a number of milliseconds, or an object in the shape of `Temporal.Duration`.
 * Inside Towpath a duration is always a number of milliseconds.
 */

import { kindOf } from './any-value.ts'

/**
 * The fields of a duration, which are added up. Each is 0 or above, fractions allowed; absent is 0.
 */
export interface DurationFields {
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly milliseconds?: number
}

/**
 * A length of time: milliseconds (0 or above, fractions allowed), or
 * `{ hours, minutes, seconds, milliseconds }` with at least one of them. A `Temporal.Duration` is
 * accepted when only those four are set.
 *
 * `null` is not a duration: options that can be turned off say `Duration | null`.
 */
export type Duration = number | DurationFields

/** Additional values that `toMilliseconds` accepts. */
export interface DurationLimits {
  /** Whether `Infinity` is valid (no limit). @defaultValue false */
  readonly allowInfinity?: boolean
  /**
   * What reads an option, for the message: `'install WebSockets'`. `what` then names the option.
   */
  readonly act?: string
}

const MILLISECONDS_PER_UNIT = { hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 }

type Unit = keyof typeof MILLISECONDS_PER_UNIT

// In descending order, for messages.
const UNITS: readonly Unit[] = ['hours', 'minutes', 'seconds', 'milliseconds']

// On a Temporal.Duration these are inherited getters, which are 0 when not set. Days and larger
// units have no fixed length, and timers are not more precise than a millisecond.
const OTHER_TEMPORAL_UNITS = ['years', 'months', 'weeks', 'days', 'microseconds', 'nanoseconds']

/**
 * Reads a duration as milliseconds.
 *
 * @param what the option's name for the error message: `'pingPeriod'`.
 * @returns 0 or above; finite unless `limits.allowInfinity`. Fractions are kept.
 * @throws {TypeError} if it is neither a number nor an object with at least one known numeric
 *   field.
 * @throws {RangeError} if it or one of its fields is negative, NaN, or infinite where that is
 *   invalid.
 */
export function toMilliseconds(
  duration: Duration,
  what: string,
  limits: DurationLimits = {},
): number {
  if (typeof duration === 'number') return checkAmount(duration, what, limits)
  if (typeof duration !== 'object' || duration === null) {
    const expected = `milliseconds or { ${UNITS.join(', ')} }`
    throw new TypeError(unusable(kindOf(duration), what, limits, expected))
  }

  rejectOtherFields(duration, what, limits)
  let total = 0
  let isEmpty = true
  for (const unit of UNITS) {
    const amount: unknown = duration[unit]
    if (amount === undefined) continue
    isEmpty = false
    total += checkAmount(amount, `${what}.${unit}`, limits) * MILLISECONDS_PER_UNIT[unit]
  }
  if (isEmpty) {
    const expected = `one of ${UNITS.join(', ')}`
    throw new TypeError(unusable('an empty object', what, limits, expected))
  }
  return checkAmount(total, what, limits)
}

/**
 * Reads a duration in few bytes, for code that pages load: the sum of the known fields, without the
 * checks of `toMilliseconds`. `NaN` without a known field.
 */
export function sumInMilliseconds(duration: Duration): number {
  if (typeof duration === 'number') return duration
  let sum = NaN
  for (const unit of UNITS) {
    const amount = duration[unit]
    if (amount !== undefined) sum = (sum || 0) + amount * MILLISECONDS_PER_UNIT[unit]
  }
  return sum
}

/** Returns `amount` hours in milliseconds; 0 or above, fractions and `Infinity` allowed. */
export function hours(amount: number): number {
  return toMillisecondsFrom(amount, 'hours')
}

/** Returns `amount` minutes in milliseconds; 0 or above, fractions and `Infinity` allowed. */
export function minutes(amount: number): number {
  return toMillisecondsFrom(amount, 'minutes')
}

/** Returns `amount` seconds in milliseconds; 0 or above, fractions and `Infinity` allowed. */
export function seconds(amount: number): number {
  return toMillisecondsFrom(amount, 'seconds')
}

/** Returns `amount` milliseconds after checking; 0 or above, fractions and `Infinity` allowed. */
export function milliseconds(amount: number): number {
  return toMillisecondsFrom(amount, 'milliseconds')
}

function toMillisecondsFrom(amount: number, unit: Unit): number {
  return checkAmount(amount, unit, { allowInfinity: true }) * MILLISECONDS_PER_UNIT[unit]
}

function checkAmount(amount: unknown, what: string, limits: DurationLimits): number {
  if (typeof amount !== 'number') {
    throw new TypeError(unusable(kindOf(amount), what, limits, 'a number'))
  }
  if (amount === Infinity && limits.allowInfinity === true) return amount
  if (!Number.isFinite(amount) || amount < 0) {
    const expected = 'a finite number of 0 or above'
    throw new RangeError(unusable(`${amount}`, what, limits, expected))
  }
  return amount
}

function rejectOtherFields(duration: object, what: string, limits: DurationLimits): void {
  const others = Object.keys(duration).filter(
    (field) => !Object.hasOwn(MILLISECONDS_PER_UNIT, field),
  )
  const other =
    others[0] ?? OTHER_TEMPORAL_UNITS.find((unit) => Boolean(Reflect.get(duration, unit)))
  if (other === undefined) return
  const units = UNITS.join(', ')
  throw new TypeError(
    limits.act === undefined
      ? `Cannot use "${other}" in ${what}: unknown unit, expected ${units}`
      : `Cannot ${limits.act}: option "${what}" has the unknown unit "${other}", expected ${units}`,
  )
}

/** The message for a value that is not a duration. */
function unusable(value: string, what: string, { act }: DurationLimits, expected: string): string {
  return act === undefined
    ? `Cannot use ${value} for ${what}, expected ${expected}`
    : `Cannot ${act}: option "${what}" is ${value}, expected ${expected}`
}
