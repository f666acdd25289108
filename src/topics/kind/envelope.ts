/**
 * The envelope of an event, as it is stored and sent: the same for all brokers, and opaque to them.
 *
 * Layout: a byte of flags (1 the data is bytes and not JSON, 2 there is a key, 4 there is a
 * publisher), the time of the publisher in milliseconds since 1970 (LEB128), the key and the
 * publisher if there are any (length and UTF-8), and the data up to the end.
 */

import { ByteReader, ByteWriter, MalformedBytesError, fromUtf8, toUtf8 } from './numbers.ts'

/** An event without its offset and epoch. */
export interface Envelope {
  readonly at: number
  readonly key: string | null
  readonly publisher: string | null
  /** Whether `data` is bytes of the application, and not the UTF-8 of a JSON text. */
  readonly isBinary: boolean
  readonly data: Uint8Array
}

const BINARY = 1
const KEY = 2
const PUBLISHER = 4
const KNOWN_FLAGS = BINARY | KEY | PUBLISHER

/** @returns fresh memory. */
export function encodeEnvelope({ at, key, publisher, isBinary, data }: Envelope): Uint8Array {
  const flags =
    (isBinary ? BINARY : 0) | (key === null ? 0 : KEY) | (publisher === null ? 0 : PUBLISHER)
  const writer = new ByteWriter().byte(flags).number(Math.max(0, Math.floor(at)))
  if (key !== null) writer.text(key)
  if (publisher !== null) writer.text(publisher)
  return writer.bytes(data).finish()
}

/**
 * Reads an envelope. Its data is a view of `bytes`.
 *
 * @throws {MalformedBytesError} for bytes that are not an envelope.
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new ByteReader(bytes)
  const flags = reader.byte()
  if ((flags & ~KNOWN_FLAGS) !== 0) {
    throw new MalformedBytesError(`Cannot read an envelope: flags ${flags} are unknown`)
  }
  const at = reader.number()
  const key = (flags & KEY) === 0 ? null : reader.text()
  const publisher = (flags & PUBLISHER) === 0 ? null : reader.text()
  return { at, key, publisher, isBinary: (flags & BINARY) !== 0, data: reader.rest() }
}

/**
 * The data of an event in bytes.
 *
 * @throws {TypeError} for a value that is neither bytes nor JSON, such as `undefined` or a
 *   `BigInt`.
 */
export function encodeData(event: unknown): Pick<Envelope, 'isBinary' | 'data'> {
  if (event instanceof Uint8Array) return { isBinary: true, data: event }
  const json: unknown = JSON.stringify(event)
  if (typeof json !== 'string') {
    throw new TypeError(
      `Cannot use a ${typeof event} as an event, expected a JSON value or a Uint8Array`,
    )
  }
  return { isBinary: false, data: toUtf8(json) }
}

/** The JSON text of data that is not binary. @throws {TypeError} when it is not UTF-8. */
export function jsonTextOf(data: Uint8Array): string {
  return fromUtf8(data)
}
