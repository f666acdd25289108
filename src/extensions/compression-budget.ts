/** Limits the memory that all compression contexts take together. */

/**
 * Counts the memory that zlib holds for sessions between their messages. One budget serves any
 * number of extensions; by default, all extensions of a process share one.
 *
 * When the budget is used up, nothing fails: new sessions negotiate no context takeover, which
 * holds nothing between two messages, and running sessions compress each message by itself.
 */
export class CompressionBudget {
  /** The limit in bytes; `Infinity` for no limit. */
  readonly limit: number

  #used = 0
  #contexts = 0
  #sessionsWithoutTakeover = 0
  #messagesWithoutContext = 0

  /**
   * @param limit bytes: a whole number, 0 or above (0: no context is kept), or `Infinity`.
   * @throws {RangeError} for anything else.
   */
  constructor(limit: number) {
    if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0)) {
      throw new RangeError(
        `Cannot limit the memory of compression: the limit is ${String(limit)}, expected a whole number of bytes, 0 or above, or Infinity`,
      )
    }
    this.limit = limit
  }

  /** The held memory in bytes: an estimate for each context, from its window and memory level. */
  get used(): number {
    return this.#used
  }

  /** How many contexts are held. */
  get contexts(): number {
    return this.#contexts
  }

  /** How many sessions negotiated no context takeover because the budget was used up. */
  get sessionsWithoutTakeover(): number {
    return this.#sessionsWithoutTakeover
  }

  /** How many messages were sent without the negotiated context because the budget was used up. */
  get messagesWithoutContext(): number {
    return this.#messagesWithoutContext
  }

  /** Whether `bytes` more may be held. */
  hasRoom(bytes: number): boolean {
    return this.#used + bytes <= this.limit
  }

  /** Counts a context of `bytes`, even if there is no room. */
  take(bytes: number): void {
    this.#used += bytes
    this.#contexts += 1
  }

  /** Removes a context of `bytes` from the count. */
  giveBack(bytes: number): void {
    this.#used -= bytes
    this.#contexts -= 1
  }

  /** Counts a session without context takeover. */
  countSession(): void {
    this.#sessionsWithoutTakeover += 1
  }

  /** Counts a message that was sent without its context. */
  countMessage(): void {
    this.#messagesWithoutContext += 1
  }
}

const DEFAULT_LIMIT_BYTES = 128 * 1024 * 1024

/** The budget of all extensions that were given no budget of their own. */
export const processBudget: CompressionBudget = new CompressionBudget(DEFAULT_LIMIT_BYTES)

const KIB = 1024
/** The structures of zlib and of the stream object around them. */
const CONTEXT_BASE_BYTES = 12 * KIB

/**
 * Estimates the memory of a context for compressing, in bytes: the window twice and a link for each
 * of its bytes, the hash table (at least 64 KiB in Node's zlib), and 4 bytes for each waiting
 * symbol. Measured on Node 20: 95 KiB for 12 and 5, 221 KiB for 15 and 8.
 */
export function deflateContextBytes(windowBits: number, memoryLevel: number): number {
  const hashes = Math.max(64 * KIB, 2 ** (memoryLevel + 8))
  return 2 ** (windowBits + 2) + hashes + 2 ** (memoryLevel + 8) + CONTEXT_BASE_BYTES
}

/**
 * Estimates the memory of a context for decompressing, in bytes: the window. Measured on Node 20:
 * 12 KiB for 12, 44 KiB for 15.
 */
export function inflateContextBytes(windowBits: number): number {
  return 2 ** windowBits + CONTEXT_BASE_BYTES
}
