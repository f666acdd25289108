/**
 * Epochs and offsets as engines store and return them. Another program may have written what an
 * engine returns, so both are checked.
 */

import type { Environment } from '../base/internal.ts'
import type { EventPlace } from '../topics/index.ts'

const EPOCH = /^[A-Za-z0-9_-]{1,64}$/
const DIGITS = /^\d{1,16}$/

/** Makes the name of a new epoch: 16 hexadecimal digits. */
export function createEpoch(environment: Environment): string {
  return Buffer.from(environment.random(new Uint8Array(8))).toString('hex')
}

/** Whether `value` can name an epoch. */
export function isEpoch(value: unknown): value is string {
  return typeof value === 'string' && EPOCH.test(value)
}

/**
 * Reads an offset, a sequence or a count.
 *
 * @param value a number, or decimal digits.
 * @returns a whole number from 0 to 2^53 - 1; `null` for any other value.
 */
export function readOffset(value: unknown): number | null {
  const offset = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value
  return typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0 ? offset : null
}

/** @returns `null` unless all parts are valid, and `previous` is below `offset`. */
export function readPlace(epoch: unknown, offset: unknown, previous: unknown): EventPlace | null {
  const place = { offset: readOffset(offset), previous: readOffset(previous) }
  if (!isEpoch(epoch) || place.offset === null || place.previous === null) return null
  if (place.previous >= place.offset) return null
  return { epoch, offset: place.offset, previous: place.previous }
}
