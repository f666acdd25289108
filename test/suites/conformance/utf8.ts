/**
 * UTF-8 in text messages (RFC 6455 §8.1, RFC 3629). Valid text is echoed unchanged, however it is
 * cut. Invalid text is refused at its first invalid byte, even inside a frame. Family 6 of the
 * public suite.
 */

import { describe, expect, it } from 'vitest'
import { concat, utf8, wire, type WireFrame } from '../../protocol/wire.ts'
import { hex, toHex } from '../../support/bytes.ts'
import {
  type Case,
  FAILED_1007,
  GOODBYE,
  GOODBYE_HEX,
  LAST,
  PART,
  PING,
  runCases,
  TEXT,
  TEXT_PART,
  withoutMasks,
} from './exchange.ts'
import type { Subject } from './subject.ts'

/**
 * Valid text, in hex: the first and last code points of every row of RFC 3629 §4, and neighbours.
 */
const VALID = [
  '00',
  '7f',
  'c2 80',
  'df bf',
  'e0 a0 80',
  'e0 bf bf',
  'e1 80 80',
  'ec bf bf',
  'ed 80 80',
  'ed 9f bf', // U+D7FF, the last before the surrogates
  'ee 80 80', // U+E000, the first after them
  'ef bf bd',
  'ef bb bf', // U+FEFF at the beginning is text, not a mark
  'ef bf be', // non-characters are characters: U+FFFE, U+FFFF, U+1FFFE …
  'ef bf bf',
  'f0 90 80 80',
  'f0 9f bf be',
  'f0 bf bf bf',
  'f1 80 80 80',
  'f1 af bf bf',
  'f3 bf bf bf',
  'f4 80 80 80',
  'f4 8f bf bf', // U+10FFFF, the last of all
  'ce ba e1 bd b9 cf 83 ce bc ce b5', // κόσμε
  '48 65 6c 6c 6f 2d c2 b5 40 c3 9f c3 b6 c3 a4 c3 bc c3 a0 c3 a1 2d 55 54 46 2d 38 21 21', // Hello-µ@ßöäüàá-UTF-8!!
  'f0 9f 98 80 f0 9f 91 a9 e2 80 8d f0 9f 9a 80', // emoji with a joiner
]

/** What is not UTF-8, and how many of its bytes are needed to be sure. */
const INVALID: readonly (readonly [bytes: string, bad: number, why: string])[] = [
  ['80', 1, 'a continuation by itself'],
  ['bf', 1, 'the last continuation by itself'],
  ['80 bf 80 bf 80 bf', 1, 'continuations'],
  ['c0 80', 1, 'U+0000, overlong in 2'],
  ['c1 bf', 1, 'U+007F, overlong in 2'],
  ['c0 af', 1, 'a slash, overlong in 2'],
  ['e0 80 80', 2, 'U+0000, overlong in 3'],
  ['e0 80 af', 2, 'a slash, overlong in 3'],
  ['e0 9f bf', 2, 'U+07FF, overlong in 3'],
  ['f0 80 80 80', 2, 'U+0000, overlong in 4'],
  ['f0 80 80 af', 2, 'a slash, overlong in 4'],
  ['f0 8f bf bf', 2, 'U+FFFF, overlong in 4'],
  ['f8 80 80 80 80', 1, 'overlong in 5'],
  ['f8 88 80 80 80', 1, 'a form of 5'],
  ['fb bf bf bf bf', 1, 'the last form of 5'],
  ['fc 80 80 80 80 80', 1, 'overlong in 6'],
  ['fc 84 80 80 80 80', 1, 'a form of 6'],
  ['fd bf bf bf bf bf', 1, 'the last form of 6'],
  ['fe', 1, 'a byte that never occurs'],
  ['ff', 1, 'the other byte that never occurs'],
  ['fe fe ff ff', 1, 'bytes that never occur'],
  ['ed a0 80', 2, 'U+D800, the first surrogate'],
  ['ed ad bf', 2, 'U+DB7F'],
  ['ed ae 80', 2, 'U+DB80'],
  ['ed af bf', 2, 'U+DBFF'],
  ['ed b0 80', 2, 'U+DC00'],
  ['ed be 80', 2, 'U+DF80'],
  ['ed bf bf', 2, 'U+DFFF, the last surrogate'],
  ['ed a0 80 ed b0 80', 2, 'a pair of surrogates'],
  ['ed af bf ed bf bf', 2, 'the last pair of surrogates'],
  ['f4 90 80 80', 2, 'U+110000, the first above'],
  ['f4 bf bf bf', 2, 'U+13FFFF'],
  ['f5 80 80 80', 1, 'U+140000'],
  ['f7 bf bf bf', 1, 'U+1FFFFF'],
  ['c2 41', 2, 'an ASCII byte inside a character of 2'],
  ['c2 c2', 2, 'a first byte inside a character of 2'],
  ['e2 82 41', 3, 'an ASCII byte inside a character of 3'],
  ['e2 82 e2 82 ac', 3, 'a first byte inside a character of 3'],
  ['f0 9f 98 41', 4, 'an ASCII byte inside a character of 4'],
  ['f0 9f 41', 3, 'an ASCII byte early inside a character of 4'],
  ['f0 9f 98 80 80', 5, 'one continuation too many'],
]

/** Characters that are not finished: fine so far, and wrong at the end of the message. */
const TRUNCATED = [
  'c2',
  'df',
  'e0',
  'e0 a0',
  'e1',
  'e1 80',
  'ed 9f',
  'ef bf',
  'f0',
  'f0 90',
  'f0 90 80',
  'f4',
  'f4 8f',
  'f4 8f bf',
]

/** Before the bytes in question: nothing, a character, and more than the fast path needs. */
const PREFIXES = ['', 'ce ba', '61 '.repeat(40) + 'e2 82 ac']

export function utf8Text(subject: Subject): void {
  describe('UTF-8 (family 6)', () => {
    describe('valid', () => {
      runCases(subject, VALID.flatMap(validCases))
      runCases(subject, VALID.filter((bytes) => bytes.length > 2).flatMap(everySplit))
    })

    describe('invalid', () => {
      runCases(
        subject,
        INVALID.flatMap(([bytes, , why]) => invalidCases(bytes, why)),
      )
      runCases(subject, TRUNCATED.flatMap(truncatedCases))
    })

    describe('failing fast', () => {
      for (const prefix of PREFIXES) {
        it.each(INVALID)(
          `%s after ${hex(prefix).length} bytes: refused with byte %i, and not before (%s)`,
          async (bytes, bad) => {
            await failsFast(subject, concat(hex(prefix), hex(bytes)), hex(prefix).length + bad)
          },
        )
      }
    })
  })
}

/** Sends a long frame up to its first bad byte: that alone decides, the rest never comes. */
async function failsFast(subject: Subject, text: Uint8Array, bad: number): Promise<void> {
  const frame = wire(subject.role, { first: TEXT, payload: concat(text, new Uint8Array(300)) })
  const headerBytes = frame.length - text.length - 300
  const peer = await subject.connect()
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 4; turns++) await subject.settle()
  }

  peer.send(frame.subarray(0, headerBytes + bad - 1))
  if (subject.name.includes('memory') || subject.role === 'client') await settle()
  expect(toHex(peer.inbox.unread)).toBe('')
  peer.send(frame.subarray(headerBytes + bad - 1, headerBytes + bad))

  expect(toHex(withoutMasks(await peer.inbox.take(Infinity), subject.role))).toBe(FAILED_1007)
  peer.end()
}

function validCases(bytes: string): Case[] {
  const payload = hex(bytes)
  const echo = `81 ${toHex(Uint8Array.of(payload.length))} ${bytes}`
  const byteFrames = Array.from(payload, (byte, index): WireFrame => {
    const fin = index === payload.length - 1 ? 0x80 : 0
    return { first: fin | (index === 0 ? 1 : 0), payload: Uint8Array.of(byte) }
  })
  return [
    {
      name: `${bytes} in one frame`,
      sends: [{ first: TEXT, payload }, GOODBYE],
      gets: `${echo} ${GOODBYE_HEX}`,
    },
    {
      name: `${bytes} in a frame for each byte, with empty ones and pings between`,
      sends: [
        ...byteFrames.flatMap((frame, index) =>
          index === 0 ? [frame] : [{ first: PART }, { first: PING }, frame],
        ),
        GOODBYE,
      ],
      gets: `${'8a 00 '.repeat(payload.length - 1)}${echo} ${GOODBYE_HEX}`,
    },
  ]
}

/** Cut into two fragments anywhere, inside of characters above all. */
function everySplit(bytes: string): Case[] {
  const payload = concat(hex(bytes), utf8('!'))
  const echo = `81 ${toHex(Uint8Array.of(payload.length))} ${toHex(payload)}`
  return Array.from({ length: payload.length + 1 }, (_, at) => ({
    name: `${bytes} split after ${at} bytes`,
    sends: [
      { first: TEXT_PART, payload: payload.subarray(0, at) },
      { first: LAST, payload: payload.subarray(at) },
      GOODBYE,
    ],
    gets: `${echo} ${GOODBYE_HEX}`,
  }))
}

function invalidCases(bytes: string, why: string): Case[] {
  const payload = hex(bytes)
  const before = hex('ce ba e1 bd b9')
  const frames = Array.from(payload, (byte): WireFrame => ({
    first: PART,
    payload: Uint8Array.of(byte),
  }))
  return [
    {
      name: `${why} in one frame: ${bytes}`,
      sends: [{ first: TEXT, payload: concat(before, payload, before) }, GOODBYE],
      gets: FAILED_1007,
    },
    {
      name: `${why} in a frame for each byte of a message that does not end: ${bytes}`,
      sends: [{ first: TEXT_PART, payload: before }, ...frames],
      gets: FAILED_1007,
    },
    {
      name: `${why} after a good message, which is echoed: ${bytes}`,
      sends: [
        { first: TEXT, payload: hex('6f 6b') },
        { first: TEXT, payload },
      ],
      gets: `81 02 6f 6b ${FAILED_1007}`,
    },
  ]
}

function truncatedCases(bytes: string): Case[] {
  return [
    {
      name: `a message that ends inside a character: ${bytes}`,
      sends: [{ first: TEXT, payload: hex(bytes) }],
      gets: FAILED_1007,
    },
    {
      name: `a message that ends inside a character, with an empty last fragment: ${bytes}`,
      sends: [{ first: TEXT_PART, payload: hex(bytes) }, { first: LAST }],
      gets: FAILED_1007,
    },
    {
      name: `a character that the next fragment does not go on with: ${bytes}`,
      sends: [
        { first: TEXT_PART, payload: hex(bytes) },
        { first: PART, payload: hex('61') },
      ],
      gets: FAILED_1007,
    },
  ]
}
