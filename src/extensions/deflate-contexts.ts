/**
 * The interface to zlib: contexts that compress or decompress the messages of one direction.
 *
 * A context may be synchronous or not: it returns the bytes, or a promise of them. Calls do not
 * overlap.
 */

/** Options of a compressing context. */
export interface DeflateContextOptions {
  /** 8 to 15. zlib does not support 8 and gets 9: see `usableDeflateBits`. */
  readonly windowBits: number
  /** 0 (no compression) to 9. */
  readonly level: number
  /** 1 to 9. */
  readonly memoryLevel: number
}

/** Compresses the messages of one direction. */
export interface DeflateContext {
  /**
   * Compresses `bytes` and flushes. `bytes` must not be empty, is not changed, and is free again
   * when the call returns. The result ends with `00 00 ff ff`, and is fresh memory.
   */
  compress(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>

  /** Forgets all earlier messages. Must not be called while `compress` is pending. */
  reset(): void

  /**
   * Frees the native memory at once, even while `compress` is pending, which then need not settle.
   * Idempotent.
   */
  close(): void
}

/** Decompresses the messages of one direction. */
export interface InflateContext {
  /**
   * Decompresses a whole message as it travels, without its last 4 octets (RFC 7692 §7.2.2). Memory
   * grows with the output, and stops at `limit`.
   *
   * @param message not empty; it must not be changed until the result is available.
   * @param limit the maximum size of the output, in bytes; `Infinity` for no limit.
   * @returns fresh memory.
   * @throws {FrameTooBigError} as soon as the output exceeds `limit`; {ProtocolViolationError} 1007
   *   for invalid or incomplete data. The context must then be reset. (A promise rejects.)
   */
  inflate(message: Uint8Array, limit: number): Uint8Array | Promise<Uint8Array>

  reset(): void
  close(): void
}

/** Makes contexts. */
export interface DeflateEngine {
  readonly name: 'handle' | 'stream'

  /** Whether a context has finished when its call returns, so that sessions may share one. */
  readonly isSynchronous: boolean

  createDeflate(options: DeflateContextOptions): DeflateContext

  /** @param windowBits 8 to 15. */
  createInflate(windowBits: number): InflateContext
}

/**
 * The four octets that end every flush and are not sent (§7.2.1). They are the second half of an
 * empty stored block.
 */
export const TAIL: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff)

/**
 * How many blocks with BFINAL one message may have (§7.2.3.4). Each starts a new stream of deflated
 * data, which costs more than its two bytes suggest.
 */
export const MAX_FINAL_BLOCKS = 1024

/**
 * Returns the window that zlib gets for a negotiated window. zlib has no window of 8 bits for raw
 * deflate. With 9 bits it refers back at most 512 - 262 = 250 bytes (the distance that its longest
 * match leaves), which fits into the 256 bytes of an 8 bit window.
 */
export function usableDeflateBits(windowBits: number): number {
  return Math.max(9, windowBits)
}
