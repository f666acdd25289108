/**
 * The options of permessage-deflate, and what they come down to.
 */

import type { Duration } from '../base/index.ts'
import { toMilliseconds } from '../base/internal.ts'
import { CompressionBudget, processBudget } from './compression-budget.ts'
import { MAX_WINDOW_BITS, MIN_WINDOW_BITS, type DeflateParameters } from './deflate-parameters.ts'
import type { ExtensionFrame } from './extension.ts'
import type { EngineChoice } from './self-test.ts'

/** How messages are compressed. Everything is optional. */
export interface PermessageDeflateOptions {
  /**
   * Whether the server begins each message with an empty window: less memory for it, and messages that are larger.
   * As a client: whether to ask the server for it. RFC 7692 §7.1.1.1.
   *
   * @defaultValue false
   */
  readonly serverNoContextTakeover?: boolean

  /** The same for what the client sends; a server that wants it says so to every client. RFC 7692 §7.1.1.2. @defaultValue false */
  readonly clientNoContextTakeover?: boolean

  /**
   * The window that the server compresses with, as the power of 2 of its bytes: 8 to 15. A client may ask for less
   * and gets it. As a client: what to ask for; a server may not know how. RFC 7692 §7.1.2.1.
   *
   * @defaultValue 12 (4 KiB)
   */
  readonly serverMaxWindowBits?: number

  /**
   * The same for what the client sends. A server may say so only to a client that offers it; with others the window
   * has 15 bits. RFC 7692 §7.1.2.2.
   *
   * @defaultValue 12 (4 KiB)
   */
  readonly clientMaxWindowBits?: number

  /**
   * The smallest message that is compressed, in bytes of payload: a whole number, 0 and above. Of a message that is
   * sent in fragments the first one decides.
   *
   * @defaultValue 256
   */
  readonly threshold?: number

  /** How hard zlib tries: 0 (not at all) to 9. @defaultValue 6 */
  readonly level?: number

  /** How much memory zlib uses beside its window: 1 to 9, for 1 KiB to 256 KiB. @defaultValue 5 */
  readonly memoryLevel?: number

  /**
   * Decides about each message of `threshold` and more: `false` sends it as it is. Of a message in fragments it is
   * shown the first. For data that is compressed already, and for secrets: beside text of somebody else's, the
   * size of what travels can give them away.
   *
   * @defaultValue all messages
   */
  readonly compressIf?: (message: Readonly<ExtensionFrame>) => boolean

  /**
   * How much larger than what arrived a message of the peer may become, once it is above 1 MiB: 1 and above, or
   * `Infinity`. A larger one fails the session with 1009, while it is being inflated. `maxMessageSize` holds besides,
   * and below 1 MiB a single message may have any ratio. What all messages of a session inflate to beyond the ratio
   * may be 32 MiB at once and 8 MiB a second; more fails the session in the same way.
   *
   * @defaultValue 100
   */
  readonly maxRatio?: number

  /**
   * How long a session may send nothing compressed before its context for that is given up; above 0. The next
   * message is then compressed as the first was. It may take twice as long. `null` keeps contexts to the end.
   *
   * @defaultValue 30 seconds
   */
  readonly idleTimeout?: Duration | null

  /** What counts the memory of contexts. @defaultValue one for the whole process, of 128 MiB */
  readonly budget?: CompressionBudget

  /**
   * `auto` compresses on zlib's handle, in the same turn, where a trial shows that this runtime has it;
   * `stream` always uses the public streams of `node:zlib`, in other threads.
   *
   * @defaultValue 'auto'
   */
  readonly engine?: EngineChoice
}

/** The options, complete and checked. */
export interface DeflateSettings extends DeflateParameters {
  readonly threshold: number
  readonly level: number
  readonly memoryLevel: number
  readonly compressIf: ((message: Readonly<ExtensionFrame>) => boolean) | null
  readonly maxRatio: number
  /** Milliseconds; `null` is never. */
  readonly idleTimeout: number | null
  readonly budget: CompressionBudget
  readonly engine: EngineChoice
}

const DEFAULTS: DeflateSettings = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  threshold: 256,
  level: 6,
  memoryLevel: 5,
  compressIf: null,
  maxRatio: 100,
  idleTimeout: 30_000,
  budget: processBudget,
  engine: 'auto',
}

/** What numbers may be: the least, the most, and whether only whole ones. */
const RANGES: Readonly<Record<string, readonly [min: number, max: number, whole: boolean]>> = {
  serverMaxWindowBits: [MIN_WINDOW_BITS, MAX_WINDOW_BITS, true],
  clientMaxWindowBits: [MIN_WINDOW_BITS, MAX_WINDOW_BITS, true],
  threshold: [0, Number.MAX_SAFE_INTEGER, true],
  level: [0, 9, true],
  memoryLevel: [1, 9, true],
  maxRatio: [1, Infinity, false],
}

/** @throws {TypeError | RangeError} for an option that there is not or that means nothing. */
export function readDeflateOptions(options: PermessageDeflateOptions): DeflateSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) check(name, value)
  const idleTimeout = readIdleTimeout(options.idleTimeout)
  return Object.freeze({ ...DEFAULTS, ...Object.fromEntries(given), idleTimeout })
}

function readIdleTimeout(value: Duration | null | undefined): number | null {
  if (value === undefined) return DEFAULTS.idleTimeout
  if (value === null) return null
  const lengthMs = toMilliseconds(value, 'idleTimeout (to set up permessage-deflate)')
  return lengthMs > 0
    ? lengthMs
    : refuse(RangeError, 'option "idleTimeout" is 0', 'a duration above 0')
}

function check(name: string, value: unknown): void {
  const range = RANGES[name]
  if (range !== undefined) checkNumber(name, value, range)
  else if (!Object.hasOwn(DEFAULTS, name)) {
    refuse(TypeError, `unknown option "${name}"`, `one of ${Object.keys(DEFAULTS).join(', ')}`)
  } else if (name === 'compressIf') {
    if (typeof value !== 'function')
      refuse(TypeError, `option "${name}" is no function`, 'a function')
  } else if (name === 'budget') {
    if (!(value instanceof CompressionBudget)) {
      refuse(TypeError, `option "${name}" is none`, 'a CompressionBudget')
    }
  } else if (name === 'engine') {
    if (value !== 'auto' && value !== 'stream') {
      refuse(TypeError, `option "${name}" is unknown`, '"auto" or "stream"')
    }
  } else if (name !== 'idleTimeout' && typeof value !== 'boolean') {
    refuse(TypeError, `option "${name}" is neither true nor false`, 'one of them')
  }
}

function checkNumber(
  name: string,
  value: unknown,
  [min, max, whole]: readonly [min: number, max: number, whole: boolean],
): void {
  const expected = `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`
  if (typeof value !== 'number') refuse(TypeError, `option "${name}" is no number`, expected)
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return
  refuse(RangeError, `option "${name}" is ${value}`, expected)
}

function refuse(
  Refusal: typeof TypeError | typeof RangeError,
  what: string,
  expected: string,
): never {
  throw new Refusal(`Cannot set up permessage-deflate: ${what}, expected ${expected}`)
}
