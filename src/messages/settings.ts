/**
 * The options of typed messages, checked, and what a session agrees on.
 */

import type { Duration } from '../base/index.ts'
import { toMilliseconds } from '../base/internal.ts'
import { type Codec, json } from './codec.ts'
import { compiledOf } from './contract.ts'
import type { Contract } from './contract-shape.ts'
import type { LinkSettings } from './link/port.ts'
import type { Side } from './message-types.ts'
import type { TypedOptions } from './typed-session.ts'

/** What is being done, for messages. */
export const ACT = 'use typed messages'

const NAMES: readonly string[] = [
  'codecs',
  'requestTimeout',
  'maxRequests',
  'credit',
  'readAhead',
  'validate',
  'invalidEvents',
  'onInvalid',
] satisfies Array<keyof TypedOptions>

/**
 * Reads the options for sessions of one side.
 *
 * @returns settings but for the codec, which each session agrees on.
 * @throws {TypeError | RangeError} for an unknown option or an invalid value, naming it.
 */
export function readSettings(
  side: Side,
  contract: Contract,
  options: TypedOptions,
): Omit<LinkSettings, 'codec'> {
  const isServer = side === 'server'
  const validate = options.validate ?? (isServer ? 'both' : 'none')
  const invalidEvents = options.invalidEvents ?? (isServer ? 'close' : 'ignore')
  return {
    side,
    contract: compiledOf(ACT, contract),
    ...readLimits(options, NAMES, toMilliseconds),
    validatesIncoming: readWord('validate', validate, ['both', 'incoming', 'none']) !== 'none',
    validatesOutgoing: validate === 'both',
    closesAtInvalidEvents:
      readWord('invalidEvents', invalidEvents, ['close', 'ignore']) === 'close',
    onInvalid: readCallback(options.onInvalid ?? ((): void => {})),
  }
}

/** The settings that every side has. */
export type Limits = Pick<
  LinkSettings,
  'readDuration' | 'requestTimeout' | 'maxRequests' | 'credit' | 'readAhead'
>

/**
 * Reads the options that every side has.
 *
 * @param names of all options of this side.
 * @throws {TypeError | RangeError} for an unknown option or an invalid value, naming it.
 */
export function readLimits(
  options: TypedOptions,
  names: readonly string[],
  readDuration: LinkSettings['readDuration'],
): Limits {
  // A page loads few bytes: the checks are those of other options in fewer words.
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const known = names.join(', ')
    throw new TypeError(`Cannot ${ACT}: unknown option "${unknown}", expected one of ${known}`)
  }
  return {
    readDuration,
    requestTimeout: readTimeout(options.requestTimeout, readDuration),
    maxRequests: readCount('maxRequests', options.maxRequests ?? 64, 1),
    credit: readCount('credit', options.credit ?? 16, 1),
    readAhead: readCount('readAhead', options.readAhead ?? 1024 * 1024, 0),
  }
}

/** Sessions and connections whose `incoming` is read by typed messages. */
const TYPED = new WeakSet<object>()

/** @throws {TypeError} if typed messages are used over `carrier` already. */
export function claim(what: 'session' | 'connection', carrier: object): void {
  if (TYPED.has(carrier)) {
    throw new TypeError(`Cannot ${ACT}: the ${what} has them already, expected one call`)
  }
  TYPED.add(carrier)
}

/**
 * The codec of a session.
 *
 * @throws {TypeError} if the session has agreed on no subprotocol of the contract, or on one whose
 *   codec is not given.
 */
export function agreedCodec(
  contract: Contract,
  protocol: string | null,
  codecs: readonly Codec[] = [json],
): Codec {
  if (protocol === null || !contract.protocols.includes(protocol)) {
    const expected = contract.protocols.map((name) => `"${name}"`).join(' or ')
    const agreed = protocol === null ? 'no subprotocol' : `the subprotocol "${protocol}"`
    throw new TypeError(`Cannot ${ACT}: the session has agreed on ${agreed}, expected ${expected}`)
  }
  const name = protocol.slice(protocol.lastIndexOf('+') + 1)
  const codec = codecs.find((each) => each.name === name)
  if (codec !== undefined) return codec
  throw new TypeError(`Cannot ${ACT}: option "codecs" has no codec "${name}", which is agreed on`)
}

function readTimeout(
  timeout: Duration | null = 30_000,
  read: LinkSettings['readDuration'],
): number | null {
  if (timeout === null) return null
  const ms = read(timeout, 'requestTimeout')
  if (ms > 0) return ms
  throw new RangeError(`Cannot ${ACT}: option "requestTimeout" is 0, expected more`)
}

function readCount(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new RangeError(
    `Cannot ${ACT}: option "${name}" is ${String(value)}, expected a whole number of ${min} or above`,
  )
}

function readCallback<F>(callback: F): F {
  if (typeof callback === 'function') return callback
  throw new TypeError(`Cannot ${ACT}: option "onInvalid" is invalid, expected a function`)
}

function readWord<Word extends string>(name: string, word: Word, words: readonly string[]): Word {
  if (words.includes(word)) return word
  throw new TypeError(`Cannot ${ACT}: option "${name}" is invalid, expected ${words.join(' or ')}`)
}
