/**
 * Checks a message in CBOR before it is decoded, and refuses what could do harm. `cbor-x` has no
 * limits, and it decodes tags that make cycles, errors and records.
 *
 * RFC 8949.
 */

import { ByteReader } from '../packages/portable.ts'

/** Of an integer: the package takes a time that grows with the square of it. */
const MAX_INTEGER_BYTES = 1024

// Major types (§3.1).
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5
const TAG = 6
const SIMPLE = 7

/** Of the additional information: the length comes piece by piece, until a break. */
const INDEFINITE = 31

const BIG_INTEGERS: ReadonlySet<number> = new Set([2, 3])
/** Dates, decimal fractions, sets, maps, and the mark that something is CBOR. */
const TAGS: ReadonlySet<number> = new Set([0, 1, 4, 5, 258, 259, 55_799])
/** Typed arrays (RFC 8746). */
const TYPED_ARRAYS = { first: 64, last: 87 }

/**
 * @throws {TypeError} if `data` is not one value, is nested more than 500 deep, or has text that is
 *   not UTF-8, an integer of more than 1024 bytes, or a tag that messages do not have.
 */
export function checkCBOR(data: Uint8Array): void {
  const reader = new ByteReader('CBOR', data)
  for (let head = reader.next(); head !== null; head = reader.next()) passValue(reader, head)
}

function passValue(reader: ByteReader, head: number): void {
  const major = head >> 5
  const info = head & 0x1f
  if (info === INDEFINITE) {
    if (major === SIMPLE && reader.isEndless) reader.leave()
    else if (major >= BYTES && major <= MAP) reader.enter(Infinity)
    else reader.refuse('there is a byte that begins no value')
    return
  }
  const argument = readArgument(reader, info)
  if (major === BYTES) reader.skip(argument)
  else if (major === TEXT) reader.text(argument)
  else if (major === ARRAY) reader.enter(argument)
  else if (major === MAP) reader.enter(argument * 2)
  else if (major === TAG) passTag(reader, argument)
}

/** §3: the number in the head, or behind it. */
function readArgument(reader: ByteReader, info: number): number {
  if (info < 24) return info
  if (info > 27) reader.refuse('there is a byte that begins no value')
  return reader.number(2 ** (info - 24))
}

function passTag(reader: ByteReader, tag: number): void {
  if (BIG_INTEGERS.has(tag)) {
    passInteger(reader)
    return
  }
  const isTypedArray = tag >= TYPED_ARRAYS.first && tag <= TYPED_ARRAYS.last
  if (!isTypedArray && !TAGS.has(tag)) reader.refuse('it has a tag that messages do not have')
  reader.enter(1)
}

function passInteger(reader: ByteReader): void {
  const head = reader.number(1)
  const info = head & 0x1f
  if (head >> 5 !== BYTES || info === INDEFINITE) reader.refuse('it has an integer without bytes')
  const length = readArgument(reader, info)
  if (length > MAX_INTEGER_BYTES) reader.refuse('it has an integer that is too large')
  reader.skip(length)
}
