/**
 * UTF-8 in text messages (RFC 6455 §8.1, RFC 3629). Valid text is echoed unchanged, however it is
 * cut. Invalid text is refused at its first invalid byte, even inside a frame. Family 6 of the
 * public suite.
 */

import { type FrameCase, frameRule, type Step } from '../check-case.ts'
import {
  concat,
  FAILED_1007,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  LAST,
  PART,
  PING,
  plainFrame,
  PONG,
  TEXT,
  TEXT_PART,
  utf8,
} from '../wire/frame-bytes.ts'
import type { WireFrame } from '../wire/wire-frame.ts'
import { INVALID, PREFIXES, TRUNCATED, VALID } from './utf8-samples.ts'

const echoed = frameRule('utf8', '5.6', 'MUST')
const refused = frameRule('utf8', '8.1', 'MUST')

/** Returns the cases; both roles have the same. */
export function utf8Cases(): FrameCase[] {
  return [
    ...VALID.flatMap(validCases),
    ...VALID.filter((bytes) => bytes.length > 2).flatMap(everySplit),
    ...INVALID.flatMap(([bytes, , why]) => invalidCases(bytes, why)),
    ...TRUNCATED.flatMap(truncatedCases),
    ...PREFIXES.flatMap((prefix) =>
      INVALID.map(([bytes, bad, why]) => failsFast(hex(prefix), hex(bytes), bad, why)),
    ),
  ]
}

function validCases(bytes: string): FrameCase[] {
  const payload = hex(bytes)
  const byteFrames = Array.from(payload, (byte, index): WireFrame => {
    const fin = index === payload.length - 1 ? 0x80 : 0
    return { first: fin | (index === 0 ? 1 : 0), payload: Uint8Array.of(byte) }
  })
  const pongs = Array.from({ length: payload.length - 1 }, () => Uint8Array.of(PONG, 0))
  const end = concat(plainFrame(TEXT, payload), hex(GOODBYE_HEX))
  return [
    echoed(`${bytes} in one frame`, [{ first: TEXT, payload }, GOODBYE], end),
    echoed(
      `${bytes} in a frame for each byte, with empty ones and pings between`,
      [
        ...byteFrames.flatMap((frame, index) =>
          index === 0 ? [frame] : [{ first: PART }, { first: PING }, frame],
        ),
        GOODBYE,
      ],
      concat(...pongs, end),
    ),
  ]
}

/** Cut into two fragments anywhere, inside of characters above all. */
function everySplit(bytes: string): FrameCase[] {
  const payload = concat(hex(bytes), utf8('!'))
  return Array.from({ length: payload.length + 1 }, (_, at) =>
    echoed(
      `${bytes} split after ${at} bytes`,
      [
        { first: TEXT_PART, payload: payload.subarray(0, at) },
        { first: LAST, payload: payload.subarray(at) },
        GOODBYE,
      ],
      concat(plainFrame(TEXT, payload), hex(GOODBYE_HEX)),
    ),
  )
}

function invalidCases(bytes: string, why: string): FrameCase[] {
  const payload = hex(bytes)
  const before = hex('ce ba e1 bd b9')
  const frames = Array.from(payload, (byte): WireFrame => ({
    first: PART,
    payload: Uint8Array.of(byte),
  }))
  return [
    refused(
      `${why} in one frame: ${bytes}`,
      [{ first: TEXT, payload: concat(before, payload, before) }, GOODBYE],
      FAILED_1007,
    ),
    refused(
      `${why} in a frame for each byte of a message that does not end: ${bytes}`,
      [{ first: TEXT_PART, payload: before }, ...frames],
      FAILED_1007,
      { late: [{ first: LAST }] },
    ),
    refused(
      `${why} after a good message, which is echoed: ${bytes}`,
      [
        { first: TEXT, payload: hex('6f 6b') },
        { first: TEXT, payload },
      ],
      `81 02 6f 6b ${FAILED_1007}`,
    ),
  ]
}

function truncatedCases(bytes: string): FrameCase[] {
  return [
    refused(
      `a message that ends inside a character: ${bytes}`,
      [{ first: TEXT, payload: hex(bytes) }],
      FAILED_1007,
    ),
    refused(
      `a message that ends inside a character, with an empty last fragment: ${bytes}`,
      [{ first: TEXT_PART, payload: hex(bytes) }, { first: LAST }],
      FAILED_1007,
    ),
    refused(
      `a character that the next fragment does not go on with: ${bytes}`,
      [
        { first: TEXT_PART, payload: hex(bytes) },
        { first: PART, payload: hex('61') },
      ],
      FAILED_1007,
      { late: [{ first: LAST }] },
    ),
  ]
}

/** How many bytes of the frame follow the invalid ones; the strict answer comes before them. */
const REST_BYTES = 300

/** Sends a long frame up to its first bad byte: that alone decides, the rest never comes. */
function failsFast(prefix: Uint8Array, bytes: Uint8Array, bad: number, why: string): FrameCase {
  const text = concat(prefix, bytes)
  const at = prefix.length + bad
  const length = BigInt(text.length + REST_BYTES)
  const rest = concat(text.subarray(at), new Uint8Array(REST_BYTES))
  const steps: Step[] = [
    { first: TEXT, length, payload: text.subarray(0, at - 1) },
    { quiet: true },
    { continues: text.subarray(at - 1, at), at: at - 1 },
  ]
  const name = `${hexOf(bytes)} after ${prefix.length} bytes: refused with byte ${bad}, and not before (${why})`
  return refused(name, steps, FAILED_1007, { late: [{ continues: rest, at }] })
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ')
}
