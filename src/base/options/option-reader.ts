/**
 * The reader of options that explains itself: each error says what is expected. Pages have a
 * shorter one (`engines/browser/`).
 */

import {
  readDuration,
  readSwitch,
  readTimeLimit,
  readWholeNumber,
  requireChoice,
  requireFunction,
  requireKnownNames,
  requireObject,
  type NumberRange,
} from './option-check.ts'
import type { Duration } from '../duration.ts'
import { kindOf } from '../any-value.ts'
import type { OptionReader } from './option-table.ts'

/** A reader for the options of `act`, such as `install WebSockets`. */
export function optionReader(act: string): OptionReader {
  return new ExplainingReader(act)
}

class ExplainingReader implements OptionReader {
  readonly act: string

  constructor(act: string) {
    this.act = act
  }

  whole(name: string, value: unknown, range: NumberRange): number {
    return readWholeNumber(this.act, name, value, NaN, range)
  }

  number(name: string, value: unknown, min: number, max: number): number {
    if (typeof value === 'number' && value >= min && value <= max) return value
    const above = max === Infinity ? `${min} or above, or Infinity` : `${min} or above`
    const range = max < Number.MAX_VALUE ? `${min} to ${max}` : above
    const message = `Cannot ${this.act}: option "${name}" is ${kindOf(value)}, expected a number of ${range}`
    throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
  }

  duration(name: string, value: unknown): number {
    return readDuration(this.act, name, value as Duration, NaN) // checked there
  }

  timeLimit(name: string, value: unknown): number {
    return readTimeLimit(this.act, name, value as Duration, NaN) // checked there
  }

  flag(name: string, value: unknown): boolean {
    return readSwitch(this.act, name, value, false)
  }

  choice<Choice extends string>(
    name: string,
    value: unknown,
    choices: readonly Choice[],
    also?: string,
  ): Choice {
    return requireChoice(this.act, name, value, choices, also)
  }

  callback(name: string, value: unknown): void {
    requireFunction(this.act, `option "${name}"`, value)
  }

  refuse(name: string, value: unknown, expected: string, what: string = kindOf(value)): never {
    throw new TypeError(`Cannot ${this.act}: option "${name}" is ${what}, expected ${expected}`)
  }

  fields(name: string, value: unknown, known: readonly string[]): object {
    const isWhole = name === ''
    requireObject(this.act, isWhole ? 'the options argument' : `option "${name}"`, value)
    requireKnownNames(this.act, value, known, isWhole ? '' : `${name}.`)
    return value
  }
}
