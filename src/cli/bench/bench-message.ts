/**
 * The messages of a benchmark: each names its run, its connection, its number and its time, and
 * ends with a checksum.
 *
 * Layout, big-endian: `TPB1`, run (4 bytes), connection (4), number (4), intended time in
 * milliseconds (8, a float), filler, checksum (4).
 */

/** The smallest message, in bytes. */
export const MIN_MESSAGE_BYTES = 28

const MARK = 0x54_50_42_31
const CHECKSUM_BYTES = 4

/** What a message says. */
export interface BenchMessage {
  readonly run: number
  readonly connection: number
  readonly number: number
  /** When it should have been sent, on the clock of its sender. */
  readonly intendedAt: number
}

/** @param size in bytes, at least `MIN_MESSAGE_BYTES`. */
export function encodeMessage(message: BenchMessage, size: number): Uint8Array {
  const bytes = Buffer.alloc(size)
  bytes.writeUInt32BE(MARK, 0)
  bytes.writeUInt32BE(message.run, 4)
  bytes.writeUInt32BE(message.connection, 8)
  bytes.writeUInt32BE(message.number, 12)
  bytes.writeDoubleBE(message.intendedAt, 16)
  // The filler differs from message to message.
  bytes.fill(message.number & 0xff, 24, size - CHECKSUM_BYTES)
  bytes.writeUInt32BE(checksum(bytes.subarray(0, -CHECKSUM_BYTES)), size - CHECKSUM_BYTES)
  return bytes
}

/** @returns `null` for anything but an unchanged message. */
export function decodeMessage(bytes: Uint8Array): BenchMessage | null {
  if (bytes.length < MIN_MESSAGE_BYTES) return null
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const sum = buffer.readUInt32BE(buffer.length - CHECKSUM_BYTES)
  if (buffer.readUInt32BE(0) !== MARK) return null
  if (sum !== checksum(buffer.subarray(0, -CHECKSUM_BYTES))) return null
  return {
    run: buffer.readUInt32BE(4),
    connection: buffer.readUInt32BE(8),
    number: buffer.readUInt32BE(12),
    intendedAt: buffer.readDoubleBE(16),
  }
}

/** FNV-1a: finds every single change, and is fast enough for a load generator. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x81_1c_9d_c5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01_00_01_93)
  return hash >>> 0
}
