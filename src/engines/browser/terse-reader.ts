/**
 * Reads the options of a page. The checks are those of other platforms, but the messages are short,
 * because a page loads this code.
 */

import type { Duration } from '../../base/index.ts'
import { type OptionReader, sumInMilliseconds } from '../../base/internal.ts'

/** The action named in error messages. */
export const ACT = 'open WebSocket'

/** Reads the options of a page. */
export const terseReader: OptionReader = {
  act: ACT,
  whole: (name, value, { min, allowInfinity = false }) =>
    isNumber(value) &&
    value >= min &&
    (Number.isSafeInteger(value) || (allowInfinity && value === Infinity))
      ? value
      : refuse(name),
  number: (name, value, min, max) =>
    isNumber(value) && value >= min && value <= max ? value : refuse(name),
  duration: readDuration,
  timeLimit: (name, value) =>
    isNumber(value) && value < 1000 ? refuse(name) : readDuration(name, value),
  flag: (name, value) => (typeof value === 'boolean' ? value : refuse(name, TypeError)),
  choice: (name, value, choices) =>
    choices.find((each) => each === value) ?? refuse(name, TypeError),
  callback(name, value) {
    if (typeof value !== 'function') refuse(name, TypeError)
  },
  refuse: (name) => refuse(name, TypeError),
  fields(name, value, known) {
    if (typeof value !== 'object' || value === null) refuse(name, TypeError)
    for (const field in value) {
      if (!known.includes(field)) refuse(name === '' ? field : `${name}.${field}`, TypeError)
    }
    return value
  },
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

function readDuration(name: string, value: unknown): number {
  if (value === null) refuse(name)
  // Any other invalid value has an invalid sum.
  const sum = sumInMilliseconds(value as Duration)
  return sum > 0 && sum < Infinity ? sum : refuse(name)
}

function refuse(name: string, type: new (message: string) => Error = RangeError): never {
  throw new type(`Cannot ${ACT}: option "${name}" is unknown or invalid`)
}
