/**
 * The options of permessage-deflate, and their table.
 */

import type { Duration } from '../base/index.ts'
import {
  callback,
  checked,
  choice,
  duration,
  flag,
  kindOf,
  numberBetween,
  optionReader,
  type OptionTable,
  optionTable,
  orNull,
  wholeBetween,
  wholeNumber,
} from '../base/internal.ts'
import { CompressionBudget, processBudget } from './compression-budget.ts'
import { MAX_WINDOW_BITS, MIN_WINDOW_BITS, type DeflateParameters } from './deflate-parameters.ts'
import type { ExtensionFrame } from './extension.ts'
import type { EngineChoice } from './self-test.ts'

/** How messages are compressed. Everything is optional. */
export interface PermessageDeflateOptions {
  /**
   * Whether the server begins each message with an empty window: less memory for it, and messages
   * that are larger. As a client: whether to ask the server for it. RFC 7692 §7.1.1.1.
   *
   * @defaultValue false
   */
  readonly serverNoContextTakeover?: boolean

  /**
   * The same for what the client sends; a server that wants it says so to every client. RFC 7692
   * §7.1.1.2. @defaultValue false
   */
  readonly clientNoContextTakeover?: boolean

  /**
   * The window that the server compresses with, as the power of 2 of its bytes: 8 to 15. A client
   * may ask for less and gets it. As a client: what to ask for; a server may not know how. RFC 7692
   * §7.1.2.1.
   *
   * @defaultValue 12 (4 KiB)
   */
  readonly serverMaxWindowBits?: number

  /**
   * The same for what the client sends. A server may say so only to a client that offers it; with
   * others the window has 15 bits. RFC 7692 §7.1.2.2.
   *
   * @defaultValue 12 (4 KiB)
   */
  readonly clientMaxWindowBits?: number

  /**
   * The smallest message that is compressed, in bytes of payload: a whole number, 0 and above. Of a
   * message that is sent in fragments the first one decides.
   *
   * @defaultValue 256
   */
  readonly threshold?: number

  /** How hard zlib tries: 0 (not at all) to 9. @defaultValue 6 */
  readonly level?: number

  /** How much memory zlib uses beside its window: 1 to 9, for 1 KiB to 256 KiB. @defaultValue 5 */
  readonly memoryLevel?: number

  /**
   * Decides about each message of `threshold` and more: `false` sends it as it is. Of a message in
   * fragments it is shown the first. For data that is compressed already, and for secrets: beside
   * text of somebody else's, the size of what travels can give them away.
   *
   * @defaultValue all messages
   */
  readonly compressIf?: (message: Readonly<ExtensionFrame>) => boolean

  /**
   * How much larger than what arrived a message of the peer may become, once it is above 1 MiB: 1
   * and above, or `Infinity`. A larger one fails the session with 1009, while it is being inflated.
   * `maxMessageSize` holds besides, and below 1 MiB a single message may have any ratio. What all
   * messages of a session inflate to beyond the ratio may be 32 MiB at once and 8 MiB a second;
   * more fails the session in the same way.
   *
   * @defaultValue 100
   */
  readonly maxRatio?: number

  /**
   * How long a session may send nothing compressed before its context for that is given up;
   * above 0. The next message is then compressed as the first was. It may take twice as long.
   * `null` keeps contexts to the end.
   *
   * @defaultValue 30 seconds
   */
  readonly idleTimeout?: Duration | null

  /** What counts the memory of contexts. @defaultValue one for the whole process, of 128 MiB */
  readonly budget?: CompressionBudget

  /**
   * `auto` compresses on zlib's handle, in the same turn, where a trial shows that this runtime has
   * it; `stream` always uses the public streams of `node:zlib`, in other threads.
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

/** Every option: its default, and which values are valid. */
export const DEFLATE_OPTIONS: OptionTable<DeflateSettings> = optionTable<DeflateSettings>({
  serverNoContextTakeover: flag(false),
  clientNoContextTakeover: flag(false),
  serverMaxWindowBits: wholeBetween(12, MIN_WINDOW_BITS, MAX_WINDOW_BITS),
  clientMaxWindowBits: wholeBetween(12, MIN_WINDOW_BITS, MAX_WINDOW_BITS),
  threshold: wholeNumber(256, 0),
  level: wholeBetween(6, 0, 9),
  memoryLevel: wholeBetween(5, 1, 9),
  compressIf: callback<DeflateSettings['compressIf']>(null),
  maxRatio: numberBetween(100, 1, Infinity),
  idleTimeout: orNull(duration(30_000)),
  budget: checked<CompressionBudget>(processBudget, readBudget),
  engine: choice('auto', ['auto', 'stream']),
})

/** @throws {TypeError | RangeError} for an unknown option or an invalid value. */
export function readDeflateOptions(options: PermessageDeflateOptions): DeflateSettings {
  return Object.freeze(DEFLATE_OPTIONS.read(optionReader('set up permessage-deflate'), options))
}

function readBudget(act: string, budget: unknown): CompressionBudget {
  if (budget instanceof CompressionBudget) return budget
  throw new TypeError(
    `Cannot ${act}: option "budget" is ${kindOf(budget)}, expected a CompressionBudget`,
  )
}
