/**
 * The closing handshake (RFC 6455 §5.5.1, §7): payloads, codes, and frames after a Close. Family 7
 * of the public suite.
 */

import { describe, expect, it } from 'vitest'
import { concat, utf8, wire } from '../../protocol/wire.ts'
import { hex, toHex } from '../../support/bytes.ts'
import {
  type Case,
  CLOSE,
  exchange,
  FAILED_1002,
  FAILED_1007,
  GOODBYE,
  GOODBYE_HEX,
  LAST,
  PING,
  runCases,
  TEXT,
  TEXT_PART,
  withoutMasks,
} from './exchange.ts'
import type { Subject } from './subject.ts'

/** §7.4: the codes that may be in a Close frame, as ranges with both ends. */
const MAY_TRAVEL = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
] as const

export function closing(subject: Subject): void {
  describe('closing (family 7)', () => {
    runCases(subject, payloads())
    runCases(subject, afterAClose())
    runCases(subject, codes())

    it(
      'codes from 0 to 65535 are answered with themselves, or refused with 1002',
      { timeout: 60_000 },
      async () => {
        // One in 97, and all that are near a boundary: 65536 connections would take a minute.
        const tried = Array.from({ length: 65536 }, (_, code) => code).filter(
          (code) =>
            code % 97 === 0 ||
            (code >= 990 && code <= 1100) ||
            code % 1000 < 2 ||
            code % 1000 === 999,
        )
        const wrong: number[] = []
        for (const code of tried) {
          const got = await exchange(subject, [
            wire(subject.role, { first: CLOSE, payload: twoBytes(code) }),
          ])
          const expected = mayTravel(code) ? `88 02 ${toHex(twoBytes(code))}` : FAILED_1002
          if (toHex(got) !== expected) wrong.push(code)
        }

        expect(wrong).toEqual([])
      },
    )

    it('64 KiB of messages and then a Close: all that is sent before the Close is echoed', async () => {
      const payload = new Uint8Array(8192).fill(0x2a)
      const frames = Array.from({ length: 8 }, () => wire(subject.role, { first: TEXT, payload }))

      const got = await exchange(subject, [...frames, wire(subject.role, GOODBYE)])

      expect(got.length).toBe(8 * (4 + 8192) + 4)
      expect(toHex(got.subarray(-4))).toBe(GOODBYE_HEX)
    })

    it('a message and the end of the stream without a Close: the message is echoed', async () => {
      const peer = await subject.connect()

      peer.send(wire(subject.role, { first: TEXT, payload: hex('48 69') }))
      peer.end()

      const got = withoutMasks(await peer.inbox.take(Infinity), subject.role)
      expect(toHex(got)).toBe('81 02 48 69')
    })

    it('messages behind a Close, be they ever so many, are not answered', async () => {
      const flood = wire(subject.role, { first: TEXT, payload: new Uint8Array(65536) })

      const got = await exchange(subject, [
        concat(wire(subject.role, GOODBYE), flood, flood),
        flood,
        flood,
      ])

      expect(toHex(got)).toBe(GOODBYE_HEX)
    })
  })
}

function payloads(): Case[] {
  const longest = utf8('ä'.repeat(61) + 'x')
  return [
    { name: 'an empty Close gets an empty one', sends: [{ first: CLOSE }], gets: '88 00' },
    {
      name: 'a Close of one byte is refused',
      sends: [{ first: CLOSE, payload: hex('03') }],
      gets: FAILED_1002,
    },
    reason('a code alone', ''),
    reason('a code and a reason', 'going away'),
    reason('a reason of 122 bytes', 'a'.repeat(122)),
    {
      name: 'a Close with a reason of 123 bytes is answered',
      sends: [{ first: CLOSE, payload: concat(hex('03 e8'), longest) }],
      gets: GOODBYE_HEX,
    },
    {
      name: 'a Close with a reason of 124 bytes is refused',
      sends: [{ first: CLOSE, payload: concat(hex('03 e8'), longest, utf8('x')) }],
      gets: FAILED_1002,
    },
    ...[
      'ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64',
      'c3',
      '80',
      'c0 80',
      'f4 90 80 80',
      'ff',
      '61 e2 82',
    ].map((bytes) => ({
      name: `a Close with a reason that is not UTF-8 (${bytes}) is refused with 1007`,
      sends: [{ first: CLOSE, payload: concat(hex('03 e8'), hex(bytes)) }],
      gets: FAILED_1007,
    })),
    {
      name: 'a code that may not travel counts before a reason that is not UTF-8',
      sends: [{ first: CLOSE, payload: hex('03 ed ff') }],
      gets: FAILED_1002,
    },
    {
      name: 'a Close that is not final is refused',
      sends: [{ first: CLOSE & 0x7f, payload: hex('03 e8') }],
      gets: FAILED_1002,
    },
  ]
}

function reason(name: string, text: string): Case {
  return {
    name: `a Close with ${name} is answered`,
    sends: [{ first: CLOSE, payload: concat(hex('03 e8'), utf8(text)) }],
    gets: GOODBYE_HEX,
  }
}

/** What comes in one chunk with a Close: before it, everything counts; behind it, nothing. */
function afterAClose(): Case[] {
  const hello = { first: TEXT, payload: hex('48 69') }
  return [
    {
      name: 'a message and a Close: the message is echoed first',
      sends: [hello, GOODBYE],
      gets: `81 02 48 69 ${GOODBYE_HEX}`,
    },
    {
      name: 'three messages and a Close: all are echoed first',
      sends: [hello, hello, hello, GOODBYE],
      gets: `81 02 48 69 81 02 48 69 81 02 48 69 ${GOODBYE_HEX}`,
    },
    {
      name: 'a second Close is not answered',
      sends: [GOODBYE, { first: CLOSE, payload: hex('03 e9') }],
      gets: GOODBYE_HEX,
    },
    {
      name: 'a ping after a Close is not answered',
      sends: [GOODBYE, { first: PING }],
      gets: GOODBYE_HEX,
    },
    { name: 'a message after a Close is not echoed', sends: [GOODBYE, hello], gets: GOODBYE_HEX },
    {
      name: 'a violation after a Close is not looked at',
      sends: [GOODBYE, { first: 0xff }, 'ff ff ff ff'],
      gets: GOODBYE_HEX,
    },
    {
      name: 'the end of a fragmented message after a Close is not echoed',
      sends: [{ first: TEXT_PART, payload: hex('61') }, GOODBYE, { first: LAST }],
      gets: GOODBYE_HEX,
    },
    {
      name: 'a Close after a violation is not answered again',
      sends: [{ first: 0x83 }, GOODBYE],
      gets: FAILED_1002,
    },
  ]
}

/** The boundaries of every range, and each of the registered codes. */
function codes(): Case[] {
  const registered = Array.from({ length: 17 }, (_, index) => 999 + index)
  const others = [0, 1, 500, 1016, 1100, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 32768, 65535]
  return [...registered, ...others].map((code) => ({
    name: `code ${code} is ${mayTravel(code) ? 'answered with itself' : 'refused'}`,
    sends: [{ first: CLOSE, payload: concat(twoBytes(code), utf8('why')) }],
    gets: mayTravel(code) ? `88 02 ${toHex(twoBytes(code))}` : FAILED_1002,
  }))
}

function mayTravel(code: number): boolean {
  return MAY_TRAVEL.some(([least, greatest]) => code >= least && code <= greatest)
}

function twoBytes(code: number): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff)
}
