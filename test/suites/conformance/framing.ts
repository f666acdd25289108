/**
 * Single frames (RFC 6455 §5.2): every boundary and encoding of the length, masks, reserved bits
 * and opcodes. Families 1, 3 and 4 of the public suite.
 */

import { describe, expect, it } from 'vitest'
import { wire, type WireFrame } from '../../protocol/wire.ts'
import { hex, toHex } from '../../support/bytes.ts'
import {
  BINARY,
  type Case,
  CLOSE,
  exchange,
  FAILED_1002,
  GOODBYE,
  GOODBYE_HEX,
  LAST,
  pieces,
  PING,
  PONG,
  runCases,
  TEXT,
  TEXT_PART,
} from './exchange.ts'
import type { Subject } from './subject.ts'

const HELLO: WireFrame = { first: TEXT, payload: hex('48 65 6c 6c 6f') }
const HELLO_HEX = '81 05 48 65 6c 6c 6f'

/** Lengths on both sides of each boundary of the three forms. */
const SIZES = [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537]

const KINDS = [
  { name: 'text', first: TEXT, byte: 0x2a },
  { name: 'binary', first: BINARY, byte: 0xfe },
] as const

export function framing(subject: Subject): void {
  describe('framing', () => {
    describe('lengths (family 1)', () => {
      for (const { name, first, byte } of KINDS) {
        it.each(SIZES)(`a ${name} message of %i bytes comes back whole`, async (size) => {
          const payload = new Uint8Array(size).fill(byte)
          const sent = [wire(subject.role, { first, payload }), wire(subject.role, GOODBYE)]

          const got = await exchange(subject, sent)

          expect(toHex(got.subarray(0, got.length - size - 4))).toBe(header(first, size))
          expect(got.subarray(-size - 4, -4).every((echoed) => echoed === byte)).toBe(true)
          expect(toHex(got.subarray(-4))).toBe(GOODBYE_HEX)
        })
      }

      it('a text message in chunks of 997 bytes comes back whole', async () => {
        const payload = new Uint8Array(65536).fill(0x2a)
        const bytes = Buffer.concat([
          wire(subject.role, { first: TEXT, payload }),
          wire(subject.role, GOODBYE),
        ])

        const got = await exchange(subject, pieces(bytes, 997))

        expect(toHex(got.subarray(0, 10))).toBe(header(TEXT, 65536))
        expect(got.length).toBe(10 + 65536 + 4)
      })

      runCases(subject, overlongLengths())
      runCases(subject, hugeLengths())
    })

    describe('masks (§5.1)', () => {
      const masked = subject.role !== 'server'
      it('each frame has a mask key of its own from a client, and none from a server', async () => {
        const peer = await subject.connect()
        const sizes = { server: 2, client: 6 }
        const keys: string[] = []
        for (let index = 0; index < 8; index++) {
          peer.send(wire(subject.role, { first: PING }))
          keys.push(toHex((await peer.inbox.take(sizes[subject.role])).subarray(2)))
        }
        peer.reset()

        expect(new Set(keys).size).toBe(subject.role === 'client' ? 8 : 1)
      })

      runCases(subject, [
        {
          name: `a frame ${masked ? 'with' : 'without'} mask is refused`,
          sends: [HELLO, { ...HELLO, masked }],
          gets: `${HELLO_HEX} ${FAILED_1002}`,
        },
        ...[CLOSE, PING, PONG].map((first) => ({
          name: `a control frame ${first.toString(16)} ${masked ? 'with' : 'without'} mask is refused`,
          sends: [{ first, masked }],
          gets: FAILED_1002,
        })),
      ])
    })

    describe('reserved bits (family 3)', () => {
      runCases(subject, reservedBits())
    })

    describe('opcodes (family 4)', () => {
      runCases(subject, opcodes())
    })
  })
}

/** The header of an unmasked frame, written down from §5.2. */
function header(first: number, size: number): string {
  const start = first.toString(16)
  const digits = size.toString(16)
  if (size < 126) return `${start} ${digits.padStart(2, '0')}`
  const form = size < 65536 ? { sign: '7e', width: 4 } : { sign: '7f', width: 16 }
  return `${start} ${form.sign} ${toHex(hex(digits.padStart(form.width, '0')))}`
}

/** §5.2: the minimal number of bytes must be used. Refused before any of the payload is there. */
function overlongLengths(): Case[] {
  const wrong = [
    ...[0, 1, 124, 125].map((length) => ({ length, lengthBytes: 3 as const })),
    ...[0, 1, 125, 126, 127, 65534, 65535].map((length) => ({ length, lengthBytes: 9 as const })),
  ]
  return wrong.flatMap(({ length, lengthBytes }) =>
    KINDS.map(({ name, first }) => ({
      name: `a ${name} frame of ${length} bytes with a length in ${lengthBytes} bytes is refused`,
      sends: [{ first, length: BigInt(length), lengthBytes }],
      gets: FAILED_1002,
    })),
  )
}

/** §5.2: the most significant bit must be 0; past what memory holds the answer is 1009 (§7.4.1). */
function hugeLengths(): Case[] {
  const lengths: readonly (readonly [bigint, string])[] = [
    [2n ** 32n, '88 02 03 f1'],
    [2n ** 53n - 1n, '88 02 03 f1'],
    [2n ** 53n, '88 02 03 f1'],
    [2n ** 53n + 1n, '88 02 03 f1'],
    [2n ** 63n - 1n, '88 02 03 f1'],
    [2n ** 63n, FAILED_1002],
    [2n ** 63n + 1n, FAILED_1002],
    [2n ** 64n - 1n, FAILED_1002],
  ]
  return lengths.map(([length, gets]) => ({
    name: `a frame that announces ${length} bytes is refused`,
    sends: [{ first: BINARY, length }],
    gets,
  }))
}

function reservedBits(): Case[] {
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
    ...firsts.map(({ name, first }) => ({
      name: `reserved bits ${rsv} on ${name}: what came before is echoed, and nothing after`,
      sends: [HELLO, { first: first | (rsv << 4), payload: hex('03 e8') }, { first: PING }],
      gets: `${HELLO_HEX} ${FAILED_1002}`,
    })),
    {
      name: `reserved bits ${rsv} on a continuation`,
      sends: [{ first: TEXT_PART, payload: hex('61') }, { first: LAST | (rsv << 4) }],
      gets: FAILED_1002,
    },
  ])
}

function opcodes(): Case[] {
  const reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]
  return reserved.flatMap((opcode) => [
    {
      name: `opcode ${opcode} without payload`,
      sends: [{ first: 0x80 | opcode }],
      gets: FAILED_1002,
    },
    {
      name: `opcode ${opcode} with payload`,
      sends: [{ first: 0x80 | opcode, payload: hex('72 65 73') }],
      gets: FAILED_1002,
    },
    {
      name: `opcode ${opcode} after a message: that is echoed, and nothing after`,
      sends: [HELLO, { first: 0x80 | opcode, payload: hex('72 65 73') }, { first: PING }],
      gets: `${HELLO_HEX} ${FAILED_1002}`,
    },
    {
      name: `opcode ${opcode} not final, inside a message`,
      sends: [{ first: TEXT_PART, payload: hex('61') }, { first: opcode }],
      gets: FAILED_1002,
    },
  ])
}
