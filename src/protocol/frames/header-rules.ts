/**
 * Reads the header of a frame, and checks it (RFC 6455 §5.2–5.5). Each `check…` function checks the
 * bytes that it gets, and returns the violation, or `null`.
 */

import { FrameTooBigError, type ProtocolViolation, ProtocolViolationError } from '../errors.ts'
import type { DecoderRules } from './decoder-options.ts'
import {
  CONTROL_BIT,
  FIN_BIT,
  MASK_BIT,
  MAX_CONTROL_PAYLOAD_BYTES,
  Opcode,
  OPCODE_BITS,
  readInt32,
  readLength,
} from './frame-header.ts'
import type { IncomingMessage } from './incoming-message.ts'

/**
 * The header that `readHeader` read last: its first byte, the length of the payload, the mask key
 * (0: none), and its own size. One object for all decoders, so that a frame allocates nothing.
 */
export const header: { first: number; length: number; maskKey: number; size: number } = {
  first: 0,
  length: 0,
  maskKey: 0,
  size: 0,
}

/**
 * Reads the header that begins at `at`, of which at least one byte has arrived. A violation is
 * found at the first byte that proves it.
 *
 * @param message the message that is arriving, or one that has not begun.
 * @returns `null` if `header` is complete and valid.
 */
export function readHeader(
  bytes: Uint8Array,
  at: number,
  end: number,
  rules: DecoderRules,
  message: IncomingMessage,
): ProtocolViolation | 'incomplete' | null {
  const available = end - at
  const first = bytes[at]! // `at` is below `end`, here and below
  const badFirst =
    checkFirstByte(first, message.isUnfinished, rules.claimedBits) ??
    (rules.gathers ? message.checkFragments(first, rules.maxFragments) : null)
  if (badFirst !== null) return badFirst
  if (available < 2) return 'incomplete'

  const second = bytes[at + 1]!
  const badSecond = checkSecondByte(first, second, rules.expectsMask)
  if (badSecond !== null) return badSecond

  let length = second & 0x7f
  let size = 2
  if (length > 125) {
    const inBytes = length === 126 ? 2 : 8
    size += inBytes
    if (available < size) return 'incomplete'
    length = readLength(bytes, at + 2, inBytes)
    const badLength = checkExtendedLength(length, inBytes)
    if (badLength !== null) return badLength
  }
  if ((first & CONTROL_BIT) === 0) {
    const before = rules.gathers && message.isUnfinished ? message.size : 0
    const tooBig = checkSize(length, rules.maxFrameSize, before, rules.maxMessageSize)
    if (tooBig !== null) return tooBig
  }

  header.maskKey = 0
  if (rules.expectsMask) {
    if (available < size + 4) return 'incomplete'
    header.maskKey = readInt32(bytes, at + size)
    size += 4
  }
  header.first = first
  header.length = length
  header.size = size
  return null
}

/**
 * Checks the first byte.
 *
 * @param insideMessage whether a fragmented message has begun and not ended.
 * @param claimedBits the reserved bits that an extension uses (RSV1 is 4).
 */
export function checkFirstByte(
  first: number,
  insideMessage: boolean,
  claimedBits: number,
): ProtocolViolation | null {
  const opcode = first & OPCODE_BITS
  const bits = (first >> 4) & 7
  if ((bits & ~claimedBits) !== 0) {
    return violation('frame with reserved bits: no extension has claimed them')
  }
  // An extension sets its bit once per message, in the first frame (RFC 7692 §6.1).
  if (bits !== 0 && opcode !== Opcode.TEXT && opcode !== Opcode.BINARY) {
    return violation('frame with reserved bits: it does not begin a message')
  }

  switch (opcode) {
    case Opcode.CONTINUATION:
      return insideMessage ? null : violation('continuation: no message has begun') // §5.4
    case Opcode.TEXT:
    case Opcode.BINARY:
      return insideMessage ? violation('start of a message: the one before has not ended') : null
    case Opcode.CLOSE:
    case Opcode.PING:
    case Opcode.PONG:
      return (first & FIN_BIT) === 0 ? violation('control frame: it is fragmented') : null // §5.5
    default:
      return violation(`frame with opcode ${opcode}: it is reserved`)
  }
}

/** Checks the second byte of a frame that began with `first`. */
export function checkSecondByte(
  first: number,
  second: number,
  expectsMask: boolean,
): ProtocolViolation | null {
  const isMasked = (second & MASK_BIT) !== 0
  if (isMasked !== expectsMask) {
    return expectsMask
      ? violation('frame without mask: a client masks') // §5.1
      : violation('frame with mask: a server does not mask')
  }
  const isControl = (first & CONTROL_BIT) !== 0
  if (isControl && (second & 0x7f) > MAX_CONTROL_PAYLOAD_BYTES) {
    return violation(`control frame of more than ${MAX_CONTROL_PAYLOAD_BYTES} bytes`)
  }
  if ((first & OPCODE_BITS) === Opcode.CLOSE && (second & 0x7f) === 1) {
    return violation('Close frame of 1 byte: a code takes 2') // §5.5.1
  }
  return null
}

/**
 * Checks a length that is written in 2 or 8 bytes (§5.2: the shortest form, and the top bit is 0).
 */
export function checkExtendedLength(length: number, inBytes: 2 | 8): ProtocolViolation | null {
  if (length >= 2 ** 63) return violation('frame with a length of 2^63 or more')
  const least = inBytes === 2 ? 126 : 65536
  return length < least ? violation('frame with a length that is not in its shortest form') : null
}

/**
 * Checks the size of a data frame against the limits, in bytes. `messageSize` is the size of the
 * earlier fragments.
 */
export function checkSize(
  length: number,
  maxFrameSize: number,
  messageSize: number,
  maxMessageSize: number,
): ProtocolViolation | null {
  // Written this way round, a limit that is not a number lets no frame pass.
  if (!(length <= maxFrameSize)) return new FrameTooBigError('frame', length, maxFrameSize)
  const size = messageSize + length
  if (!(size <= maxMessageSize)) return new FrameTooBigError('message', size, maxMessageSize)
  return null
}

function violation(what: string): ProtocolViolationError {
  return new ProtocolViolationError(1002, `Cannot accept ${what}`)
}
