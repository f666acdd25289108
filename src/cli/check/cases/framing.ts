/**
 * Single frames (RFC 6455 §5.2): every boundary and encoding of the length, masks, reserved bits
 * and opcodes. Families 1, 3 and 4 of the public suite.
 */

import type { Role } from '../../../protocol/index.ts'
import { type FrameCase, frameRule, type Grade, largeCase } from '../check-case.ts'
import {
  BINARY,
  CLOSE,
  concat,
  FAILED_1002,
  FAILED_1009,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  LAST,
  PING,
  plainFrame,
  PONG,
  TEXT,
  TEXT_PART,
} from '../wire/frame-bytes.ts'
import { wire, type WireFrame } from '../wire/wire-frame.ts'

const HELLO: WireFrame = { first: TEXT, payload: hex('48 65 6c 6c 6f') }
const HELLO_HEX = '81 05 48 65 6c 6c 6f'

/** Lengths on both sides of each boundary of the three forms. */
const SIZES = [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537]

const KINDS = [
  { name: 'text', first: TEXT, byte: 0x2a },
  { name: 'binary', first: BINARY, byte: 0xfe },
] as const

/** Returns the cases for a peer in `role`. */
export function framingCases(role: Role): FrameCase[] {
  return [
    ...lengths(role),
    ...overlongLengths(),
    ...hugeLengths(),
    ...masks(role),
    ...reservedBits(),
    ...opcodes(),
  ]
}

function lengths(role: Role): FrameCase[] {
  const wholes = KINDS.flatMap(({ name, first, byte }) =>
    SIZES.map((size) =>
      largeCase(
        'framing',
        '5.2',
        gradeOf(size),
        `a ${name} message of ${size} bytes is echoed`,
        () => {
          const payload = new Uint8Array(size).fill(byte)
          const gets = concat(plainFrame(first, payload), hex(GOODBYE_HEX))
          return { sends: [{ first, payload }, GOODBYE], gets, isLarge: size > 60_000 }
        },
      ),
    ),
  )
  const name = 'a text message in chunks of 997 bytes is echoed'
  const chunked = largeCase('framing', '5.2', gradeOf(65536), name, () => {
    const payload = new Uint8Array(65536).fill(0x2a)
    const bytes = wire(role, { first: TEXT, payload })
    const gets = concat(plainFrame(TEXT, payload), hex(GOODBYE_HEX))
    return { sends: [{ bytes, size: 997 }, GOODBYE], gets, isLarge: true }
  })
  return [...wholes, chunked]
}

/** The forms of the length are required. §10.4: an endpoint should limit what it takes. */
function gradeOf(size: number): Grade {
  if (size < 65536) return 'MUST'
  return size === 65536 ? 'SHOULD' : 'MAY'
}

/** §5.2: the minimal number of bytes must be used. Refused before any of the payload is there. */
function overlongLengths(): FrameCase[] {
  const shortest = frameRule('framing', '5.2', 'MUST')
  const wrong = [
    ...[0, 1, 124, 125].map((length) => ({ length, lengthBytes: 3 as const })),
    ...[0, 1, 125, 126, 127, 65534, 65535].map((length) => ({ length, lengthBytes: 9 as const })),
  ]
  return wrong.flatMap(({ length, lengthBytes }) =>
    KINDS.map(({ name, first, byte }) =>
      shortest(
        `a ${name} frame of ${length} bytes with a length in ${lengthBytes} bytes is refused`,
        [{ first, length: BigInt(length), lengthBytes }],
        FAILED_1002,
        { late: [{ continues: new Uint8Array(length).fill(byte), at: 0 }] },
      ),
    ),
  )
}

/** §5.2: the most significant bit must be 0; past what memory holds the answer is 1009 (§7.4.1). */
function hugeLengths(): FrameCase[] {
  const tooBig = frameRule('framing', '7.4.1', 'MAY')
  const invalid = frameRule('framing', '5.2', 'MUST')
  const name = (length: bigint): string => `a frame that announces ${length} bytes is refused`
  return [
    ...[2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n].map((length) =>
      tooBig(name(length), [{ first: BINARY, length }], FAILED_1009),
    ),
    ...[2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n].map((length) =>
      invalid(name(length), [{ first: BINARY, length }], FAILED_1002),
    ),
  ]
}

function masks(role: Role): FrameCase[] {
  const masked = role !== 'server'
  const refused = frameRule('framing', '5.1', 'MUST')
  // A peer that answers it has closed the connection too, which is all that §5.1 requires.
  const refusedClose = frameRule('framing', '5.1', 'SHOULD')
  const own = frameRule('framing', role === 'client' ? '5.3' : '5.1', 'MUST')
  const pings = Array.from({ length: 8 }, (_, index) => [{ first: PING }, { awaits: index + 1 }])
  return [
    own(
      'each frame has a mask key of its own from a client, and none from a server',
      [...pings.flat(), GOODBYE],
      `${'8a 00 '.repeat(8)}${GOODBYE_HEX}`,
    ),
    refused(
      `a frame ${masked ? 'with' : 'without'} mask is refused`,
      [HELLO, { ...HELLO, masked }],
      `${HELLO_HEX} ${FAILED_1002}`,
      { late: [{ first: PING }] },
    ),
    ...[CLOSE, PING, PONG].map((first) =>
      (first === CLOSE ? refusedClose : refused)(
        `a control frame ${first.toString(16)} ${masked ? 'with' : 'without'} mask is refused`,
        [{ first, masked }],
        FAILED_1002,
        { late: [{ first: PING }] },
      ),
    ),
  ]
}

function reservedBits(): FrameCase[] {
  const refused = frameRule('framing', '5.2', 'MUST')
  const bits = [1, 2, 3, 4, 5, 6, 7]
  const firsts = [
    { name: 'text', first: TEXT },
    { name: 'binary', first: BINARY },
    { name: 'a fragment', first: TEXT_PART },
    { name: 'close', first: CLOSE },
    { name: 'ping', first: PING },
    { name: 'pong', first: PONG },
  ]
  return bits.flatMap((rsv) => [
    ...firsts.map(({ name, first }) =>
      refused(
        `reserved bits ${rsv} on ${name}: what came before is echoed, and nothing after`,
        [HELLO, { first: first | (rsv << 4), payload: hex('03 e8') }, { first: PING }],
        `${HELLO_HEX} ${FAILED_1002}`,
      ),
    ),
    refused(
      `reserved bits ${rsv} on a continuation`,
      [{ first: TEXT_PART, payload: hex('61') }, { first: LAST | (rsv << 4) }],
      FAILED_1002,
    ),
  ])
}

function opcodes(): FrameCase[] {
  const refused = frameRule('framing', '5.2', 'MUST')
  const reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]
  const payload = hex('72 65 73')
  return reserved.flatMap((opcode) => [
    refused(`opcode ${opcode} without payload`, [{ first: 0x80 | opcode }], FAILED_1002),
    refused(`opcode ${opcode} with payload`, [{ first: 0x80 | opcode, payload }], FAILED_1002),
    refused(
      `opcode ${opcode} after a message: that is echoed, and nothing after`,
      [HELLO, { first: 0x80 | opcode, payload }, { first: PING }],
      `${HELLO_HEX} ${FAILED_1002}`,
    ),
    refused(
      `opcode ${opcode} not final, inside a message`,
      [{ first: TEXT_PART, payload: hex('61') }, { first: opcode }],
      FAILED_1002,
    ),
  ])
}
