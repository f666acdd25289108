/**
 * How much memory the contexts of compression may take, together.
 */

/**
 * Counts the memory that zlib holds for sessions between their messages. One budget serves any
 * number of extensions: without another one, all of a process share one.
 *
 * When it is used up nothing fails: new sessions are agreed on without context takeover, which
 * keeps nothing between two messages, and running ones compress each message by itself.
 */
export class CompressionBudget {
  /** What may be held, in bytes; `Infinity` for no limit. */
  readonly limit: number

  #used = 0
  #contexts = 0
  #sessionsWithoutTakeover = 0
  #messagesWithoutContext = 0

  /**
   * @param limit bytes: a whole number, 0 and above (0: nothing is ever kept), or `Infinity`.
   * @throws {RangeError} for anything else.
   */
  constructor(limit: number) {
    if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0)) {
      throw new RangeError(
        `Cannot limit the memory of compression: the limit is ${String(limit)}, expected whole bytes from 0 on or Infinity`,
      )
    }
    this.limit = limit
  }

  /** What is held, in bytes: an estimate for each context, made of its window and memory level. */
  get used(): number {
    return this.#used
  }

  /** How many contexts are held. */
  get contexts(): number {
    return this.#contexts
  }

  /** How many sessions were agreed on without context takeover because the budget was used up. */
  get sessionsWithoutTakeover(): number {
    return this.#sessionsWithoutTakeover
  }

  /**
   * How many messages were sent without the context that was agreed on, because the budget was used
   * up.
   */
  get messagesWithoutContext(): number {
    return this.#messagesWithoutContext
  }

  /** Whether `bytes` more may be held. */
  hasRoom(bytes: number): boolean {
    return this.#used + bytes <= this.limit
  }

  /** Counts a context of `bytes`, whether or not there is room. */
  take(bytes: number): void {
    this.#used += bytes
    this.#contexts += 1
  }

  /** A context of `bytes` is not held any more. */
  giveBack(bytes: number): void {
    this.#used -= bytes
    this.#contexts -= 1
  }

  /** A session was agreed on without context takeover. */
  countSession(): void {
    this.#sessionsWithoutTakeover += 1
  }

  /** A message was sent without its context. */
  countMessage(): void {
    this.#messagesWithoutContext += 1
  }
}

const DEFAULT_LIMIT_BYTES = 128 * 1024 * 1024

/** What all extensions share that were given no budget of their own. */
export const processBudget: CompressionBudget = new CompressionBudget(DEFAULT_LIMIT_BYTES)

const KIB = 1024
/** The structures of zlib and of the stream object around them. */
const CONTEXT_BASE_BYTES = 12 * KIB

/**
 * What a context for compressing takes, in bytes: the window twice and a link for each of its
 * bytes, the table of hashes (Node's zlib makes it 64 KiB at least), and 4 bytes for each symbol
 * that waits. Measured on Node 20: 95 KiB for 12 and 5, 221 KiB for 15 and 8.
 */
export function deflateContextBytes(windowBits: number, memoryLevel: number): number {
  const hashes = Math.max(64 * KIB, 2 ** (memoryLevel + 8))
  return 2 ** (windowBits + 2) + hashes + 2 ** (memoryLevel + 8) + CONTEXT_BASE_BYTES
}

/**
 * What a context for decompressing takes, in bytes: the window. Measured on Node 20: 12 KiB for 12,
 * 44 KiB for 15.
 */
export function inflateContextBytes(windowBits: number): number {
  return 2 ** windowBits + CONTEXT_BASE_BYTES
}
