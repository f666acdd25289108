/** The options of permessage-deflate, and how they are checked. */

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

/** Options of compression. All are optional. */
export interface PermessageDeflateOptions {
  /**
   * Whether the server starts each message with an empty window: less memory for the server, but
   * larger messages. On a client: whether to ask the server for it. RFC 7692 §7.1.1.1.
   *
   * @defaultValue false
   */
  readonly serverNoContextTakeover?: boolean

  /**
   * The same for messages of the client; a server requires it from every client. RFC 7692 §7.1.1.2.
   * @defaultValue false
   */
  readonly clientNoContextTakeover?: boolean

  /**
   * The server's window for compressing, as a power of 2: 8 to 15. A client may ask for a smaller
   * one and gets it. On a client: the window to ask for; the server may not support that. RFC 7692
   * §7.1.2.1.
   *
   * @defaultValue 12 (4 KiB)
   */
  readonly serverMaxWindowBits?: number

  /**
   * The same for messages of the client. A server may require it only from a client that offers it;
   * otherwise the window has 15 bits. RFC 7692 §7.1.2.2.
   *
   * @defaultValue 12 (4 KiB)
   */
  readonly clientMaxWindowBits?: number

  /**
   * The smallest message that is compressed, in bytes of payload: a whole number, 0 or above. For a
   * message that is sent in fragments, the first fragment decides.
   *
   * @defaultValue 256
   */
  readonly threshold?: number

  /** The compression level of zlib: 0 (none) to 9. @defaultValue 6 */
  readonly level?: number

  /** The memory that zlib uses beside its window: 1 to 9, for 1 KiB to 256 KiB. @defaultValue 5 */
  readonly memoryLevel?: number

  /**
   * Decides about each message of at least `threshold` bytes: `false` sends it uncompressed. For a
   * message in fragments it gets the first fragment. Exclude data that is already compressed, and
   * secrets: beside text that others choose, the compressed size can reveal them.
   *
   * @defaultValue all messages
   */
  readonly compressIf?: (message: Readonly<ExtensionFrame>) => boolean

  /**
   * The largest ratio of inflated to compressed size for a received message above 1 MiB: 1 or
   * above, or `Infinity`. A larger message fails the session with 1009 while it is inflated.
   * `maxMessageSize` also applies. Below 1 MiB a single message may have any ratio, but all
   * messages of a session together may exceed the ratio by at most 32 MiB at once and 8 MiB a
   * second; more fails the session in the same way.
   *
   * @defaultValue 100
   */
  readonly maxRatio?: number

  /**
   * How long a session may send nothing compressed before its compression context is freed;
   * above 0. The next message is then compressed with a new context. Freeing may take twice as
   * long. `null` keeps contexts until the end.
   *
   * @defaultValue 30 seconds
   */
  readonly idleTimeout?: Duration | null

  /** The budget for the memory of contexts. @defaultValue one for the whole process, of 128 MiB */
  readonly budget?: CompressionBudget

  /**
   * `auto` compresses on zlib's handle, in the same turn, if a test shows that this runtime
   * supports it. `stream` always uses the public streams of `node:zlib`, in other threads.
   *
   * @defaultValue 'auto'
   */
  readonly engine?: EngineChoice
}

/** The options with defaults applied, checked. */
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
