/**
 * Large messages, many fragments and many messages. Families 9 and 10 of the public suite.
 */

import type { Role } from '../../../protocol/index.ts'
import { type Exchange, type FrameCase, type Grade, largeCase, type Step } from '../check-case.ts'
import {
  BINARY,
  BINARY_PART,
  concat,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  LAST,
  PART,
  pieces,
  plainFrame,
  TEXT,
} from '../wire/frame-bytes.ts'
import { wire, type WireFrame } from '../wire/wire-frame.ts'

const MIB = 1024 * 1024

/** An endpoint may limit its messages (§10.4), but is expected to take this much. */
const ORDINARY_BYTES = 65536

/** Returns the cases for a peer in `role`. */
export function limitCases(role: Role): FrameCase[] {
  return [...wholes(), ...fragmented(), ...chunked(role), ...manyMessages()]
}

function wholes(): FrameCase[] {
  const kinds = [
    ['text', TEXT],
    ['binary', BINARY],
  ] as const
  return kinds.flatMap(([name, first]) =>
    [65536, 256 * 1024, MIB, 4 * MIB, 16 * MIB].map((size) =>
      limit(size, `a ${name} message of ${size} bytes, whole`, () => {
        const payload = pattern(size, first)
        return echoOf(first, payload, [{ first, payload }])
      }),
    ),
  )
}

function fragmented(): FrameCase[] {
  const message = (name: string, size: number, fragment: number): FrameCase =>
    limit(size, name, () => {
      const payload = pattern(size, BINARY)
      return echoOf(BINARY, payload, fragments(payload, fragment))
    })
  return [
    ...[64, 256, 1024, 1300, 4096, 65536, 256 * 1024, MIB].map((size) =>
      message(`a message of 4 MiB in fragments of ${size} bytes`, 4 * MIB, size),
    ),
    message('a message of 16 MiB in 65 536 fragments', 16 * MIB, 256),
    message('a message of 256 KiB in fragments of one byte', MIB / 4, 1),
  ]
}

function chunked(role: Role): FrameCase[] {
  const bytewise = 'an announced message of 16 MiB, byte by byte for its first 64 KiB'
  return [
    ...[64, 128, 256, 512, 1024, 2048].map((size) =>
      limit(MIB, `a text of 1 MiB in chunks of ${size} bytes`, () => {
        const payload = pattern(MIB, TEXT)
        return echoOf(TEXT, payload, [{ bytes: wire(role, { first: TEXT, payload }), size }])
      }),
    ),
    limit(16 * MIB, bytewise, () => {
      const payload = pattern(16 * MIB, BINARY)
      const bytes = wire(role, { first: BINARY, payload })
      return echoOf(BINARY, payload, [
        { bytes: bytes.subarray(0, 65536), size: 1 },
        { bytes: bytes.subarray(65536) },
      ])
    }),
  ]
}

function manyMessages(): FrameCase[] {
  return [0, 16, 64, 256, 1024, 4096].map((size) => {
    const name = `1000 messages of ${size} bytes come back in their order`
    return largeCase('limits', '5.4', 'MUST', name, () => {
      const frames = Array.from({ length: 1000 }, (_, index) => ({
        first: TEXT,
        payload: new Uint8Array(size).fill(index & 0x7f),
      }))
      return {
        sends: [...frames, { awaits: frames.length }, GOODBYE],
        gets: concat(...frames.map((each) => plainFrame(TEXT, each.payload)), hex(GOODBYE_HEX)),
        isAtOnce: true,
        isLarge: true,
      }
    })
  })
}

function limit(size: number, name: string, exchange: () => Exchange): FrameCase {
  const grade: Grade = size > ORDINARY_BYTES ? 'MAY' : 'SHOULD'
  return largeCase('limits', '10.4', grade, name, exchange)
}

/** The steps are one message, whose echo is awaited: a Close may overtake it. */
function echoOf(first: number, payload: Uint8Array, steps: readonly Step[]): Exchange {
  return {
    sends: [...steps, { awaits: 1 }, GOODBYE],
    gets: concat(plainFrame(first, payload), hex(GOODBYE_HEX)),
    isLarge: true,
  }
}

function fragments(payload: Uint8Array, size: number): WireFrame[] {
  const parts = pieces(payload, size)
  if (parts.length === 1) return [{ first: BINARY, payload }]
  return parts.map((part, index) => ({
    first: index === 0 ? BINARY_PART : index === parts.length - 1 ? LAST : PART,
    payload: part,
  }))
}

/** Bytes that differ from place to place; ASCII for text. */
function pattern(size: number, first: number): Uint8Array {
  const bytes = new Uint8Array(size)
  const mask = first === TEXT ? 0x7f : 0xff
  for (let at = 0; at < size; at++) bytes[at] = ((at * 31) ^ (at >> 8)) & mask
  return bytes
}
