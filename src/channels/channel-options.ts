/**
 * How much a channel may hold, and what happens when it is full: what users say of it.
 */

import {
  type ChannelOptions,
  ChannelSettings,
  OVERFLOW_POLICIES,
  type OverflowPolicy,
} from './channel-settings.ts'

const NAMES: readonly string[] = ['capacity', 'maxBytes', 'sizeOf', 'onOverflow', 'onDropped']

/**
 * Reads options that a user has given.
 *
 * @throws {RangeError} if a number is out of its range, or the policy and the capacity exclude each other.
 * @throws {TypeError} if an option is unknown or of the wrong kind, or `sizeOf` is missing.
 */
export function readChannelOptions<T>(options: ChannelOptions<T>): ChannelSettings<T> {
  rejectUnknownNames(options)
  const settings = new ChannelSettings({ ...options, sizeOf: checkedSizeOf(options.sizeOf) })
  const { capacity, maxBytes, sizeOf, onOverflow, onDropped } = settings
  checkCapacity(capacity)
  checkMaxBytes(maxBytes)
  checkPolicy(onOverflow)
  checkFunction(onDropped, 'onDropped')

  if (maxBytes !== Infinity && sizeOf === null) {
    throw new TypeError('Cannot bound a channel by maxBytes: sizeOf is missing')
  }
  if (onOverflow === 'drop-oldest' && capacity === 0) {
    throw new RangeError(
      'Cannot create a channel: one of capacity 0 holds nothing to drop, expected a capacity of 1 or above for drop-oldest',
    )
  }
  return settings
}

/** A size that is none would make the sum of all wrong for good. */
function checkedSizeOf<T>(sizeOf: ChannelOptions<T>['sizeOf']): ChannelOptions<T>['sizeOf'] {
  if (sizeOf === undefined) return undefined
  checkFunction(sizeOf, 'sizeOf')
  return (value) => {
    const bytes = sizeOf(value)
    if (bytes >= 0 && bytes < Infinity) return bytes
    throw new RangeError(
      `Cannot send: sizeOf gave ${bytes}, expected a finite number of 0 or above`,
    )
  }
}

function rejectUnknownNames(options: object): void {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown === undefined) return
  throw new TypeError(
    `Cannot create a channel: there is no option "${unknown}", expected ${NAMES.join(', ')}`,
  )
}

function checkCapacity(capacity: number): void {
  if (typeof capacity !== 'number') {
    throw new TypeError(`Cannot use a ${typeof capacity} for capacity, expected a number`)
  }
  if (capacity !== Infinity && (!Number.isSafeInteger(capacity) || capacity < 0)) {
    throw new RangeError(
      `Cannot use ${capacity} for capacity, expected a whole number of 0 or above, or Infinity`,
    )
  }
}

function checkMaxBytes(maxBytes: number): void {
  if (typeof maxBytes !== 'number') {
    throw new TypeError(`Cannot use a ${typeof maxBytes} for maxBytes, expected a number`)
  }
  if (!(maxBytes >= 0)) {
    throw new RangeError(`Cannot use ${maxBytes} for maxBytes, expected 0 or above, or Infinity`)
  }
}

function checkPolicy(policy: OverflowPolicy): void {
  if (!OVERFLOW_POLICIES.includes(policy)) {
    throw new TypeError(
      `Cannot use "${policy}" for onOverflow, expected one of ${OVERFLOW_POLICIES.join(', ')}`,
    )
  }
}

function checkFunction(value: unknown, what: string): void {
  if (value !== null && typeof value !== 'function') {
    throw new TypeError(`Cannot use a ${typeof value} for ${what}, expected a function`)
  }
}
