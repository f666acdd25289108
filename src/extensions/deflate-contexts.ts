/**
 * The small interface in front of zlib: contexts that compress or decompress the messages of one
 * direction.
 *
 * A context may be synchronous or not: what it gives is the bytes, or a promise of them. Calls do
 * not overlap.
 */

/** How a compressing context is made. */
export interface DeflateContextOptions {
  /** 8 to 15. zlib cannot do 8 and is given 9: see `usableDeflateBits`. */
  readonly windowBits: number
  /** 0 (stored as it is) to 9. */
  readonly level: number
  /** 1 to 9. */
  readonly memoryLevel: number
}

/** Compresses. */
export interface DeflateContext {
  /**
   * Compresses `bytes` (not empty; not changed, and free again when the call returns) and flushes:
   * what comes out ends with `00 00 ff ff` and is fresh memory of the caller's.
   */
  compress(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>

  /** Forgets all that came before. Not while `compress` is pending. */
  reset(): void

  /**
   * Gives the native memory back at once; also while `compress` is pending, which then need not
   * settle. Idempotent.
   */
  close(): void
}

/** Decompresses. */
export interface InflateContext {
  /**
   * Decompresses a whole message as it travels, without its last 4 octets (RFC 7692 §7.2.2). Memory
   * grows with what comes out, and stops at `limit`.
   *
   * @param message not empty; not changed, and not to be changed until the result is there.
   * @param limit the most bytes that may come out; `Infinity` for no limit.
   * @returns fresh memory of the caller's.
   * @throws {FrameTooBigError} as soon as more than `limit` has come out; {ProtocolViolationError}
   *   1007 for what is not deflated data, or is not complete. The context is then of no use until
   *   it is reset. (A promise rejects.)
   */
  inflate(message: Uint8Array, limit: number): Uint8Array | Promise<Uint8Array>

  reset(): void
  close(): void
}

/** Makes contexts. */
export interface DeflateEngine {
  readonly name: 'handle' | 'stream'

  /**
   * Whether a context is done when its call returns, so that sessions may share one between
   * messages.
   */
  readonly isSynchronous: boolean

  createDeflate(options: DeflateContextOptions): DeflateContext

  /** @param windowBits 8 to 15. */
  createInflate(windowBits: number): InflateContext
}

/**
 * The four octets that end every flush, which do not travel (§7.2.1). They are the second half of
 * an empty stored block.
 */
export const TAIL: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

/**
 * How many blocks with BFINAL one message may have (§7.2.3.4). Each begins a new stream of deflated
 * data, which costs more than its two bytes look like.
 */
export const MAX_FINAL_BLOCKS = 1024

/**
 * The window that zlib is told for an agreed one. Raw deflate of zlib has no window of 8 bits. With
 * 9 it refers back 512 - 262 = 250 bytes at most (the distance that its longest match leaves),
 * which is within the 256 of an 8 bit window: what it makes may be read with one.
 */
export function usableDeflateBits(windowBits: number): number {
  return Math.max(9, windowBits)
}
