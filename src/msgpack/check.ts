/**
 * Checks a message in MessagePack before it is decoded, and refuses what could do harm. `msgpackr`
 * has no limits, and it decodes extensions that Towpath never sends.
 *
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */

import { ByteReader } from '../packages/portable.ts'

const TIMESTAMP = 0xff
/** How `msgpackr` writes `undefined`. */
const UNDEFINED = 0x00

/** How many bytes follow the heads from 0xc0 on that have no length of their own. */
const FIXED: Readonly<Record<number, number>> = {
  0xc0: 0, // nil
  0xc2: 0, // booleans
  0xc3: 0,
  0xca: 4, // floats
  0xcb: 8,
  0xcc: 1, // unsigned
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1, // signed
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
}

/**
 * @throws {TypeError} if `data` is not one value, is nested more than 500 deep, or has text that is
 *   not UTF-8 or an extension other than a timestamp.
 */
export function checkMessagePack(data: Uint8Array): void {
  const reader = new ByteReader('MessagePack', data)
  for (let head = reader.next(); head !== null; head = reader.next()) passValue(reader, head)
}

function passValue(reader: ByteReader, head: number): void {
  if (head < 0x80 || head >= 0xe0) return // small integers
  if (head < 0x90) reader.enter((head & 0x0f) * 2)
  else if (head < 0xa0) reader.enter(head & 0x0f)
  else if (head < 0xc0) reader.text(head & 0x1f)
  else if (head >= 0xde) reader.enter(reader.number(head === 0xde ? 2 : 4) * 2)
  else if (head >= 0xdc) reader.enter(reader.number(head === 0xdc ? 2 : 4))
  else if (head >= 0xd9) reader.text(reader.number(2 ** (head - 0xd9)))
  else if (head >= 0xd4) passExtension(reader, 2 ** (head - 0xd4))
  else if (head >= 0xc7 && head <= 0xc9) passExtension(reader, reader.number(2 ** (head - 0xc7)))
  else if (head >= 0xc4 && head <= 0xc6) reader.skip(reader.number(2 ** (head - 0xc4)))
  else reader.skip(FIXED[head] ?? reader.refuse('there is a byte that begins no value'))
}

function passExtension(reader: ByteReader, length: number): void {
  const type = reader.number(1)
  if (type !== TIMESTAMP && !(type === UNDEFINED && length === 1)) {
    reader.refuse('it has an extension that is no timestamp')
  }
  reader.skip(length)
}
