/**
 * Pings and pongs (RFC 6455 §5.5.2, §5.5.3). Family 2 of the public suite.
 */

import { describe, expect, it } from 'vitest'
import { concat, wire, type WireFrame } from '../../protocol/wire.ts'
import { hex, toHex } from '../../support/bytes.ts'
import {
  BINARY_PART,
  type Case,
  exchange,
  FAILED_1002,
  GOODBYE,
  GOODBYE_HEX,
  LAST,
  PING,
  PONG,
  runCases,
  TEXT_PART,
} from './exchange.ts'
import { type Subject, turn } from './subject.ts'

export function pings(subject: Subject): void {
  describe('pings (family 2)', () => {
    it('pings of every size from 0 to 125 bytes come back as they are', async () => {
      const payloads = Array.from({ length: 126 }, (_, size) => countUp(size))
      const answers = payloads.map((payload) =>
        concat(Uint8Array.of(PONG, payload.length), payload),
      )

      const got = await exchange(subject, [
        ...payloads.map((payload) => wire(subject.role, { first: PING, payload })),
        wire(subject.role, GOODBYE),
      ])

      expect(toHex(got)).toBe(toHex(concat(...answers, hex(GOODBYE_HEX))))
    })

    it('the newest of many pings at once is answered, and no answer is made up (§5.5.3)', async () => {
      const payloads = Array.from({ length: 1000 }, (_, index) => Uint8Array.of(index >> 8, index))
      const frames = payloads.map((payload) => wire(subject.role, { first: PING, payload }))

      const got = await exchange(subject, [concat(...frames, wire(subject.role, GOODBYE))])

      const answers = toHex(got).match(/8a 02 .. ../g) ?? []
      expect(answers.at(-1)).toBe('8a 02 03 e7')
      expect(new Set(answers).size).toBe(answers.length)
      expect(answers).toEqual([...answers].sort())
      expect(got.length).toBe(4 * answers.length + 4)
    })

    it('10 pings, each in turn, get 10 pongs in their order', async () => {
      const peer = await subject.connect()
      let got = ''
      for (let index = 0; index < 10; index++) {
        peer.send(wire(subject.role, { first: PING, payload: Uint8Array.of(index) }))
        const pong = await peer.inbox.take(subject.role === 'server' ? 3 : 7)
        const last = pong.at(-1) ?? 0
        got += String(subject.role === 'server' ? last : last ^ (pong[2] ?? 0))
        await turn()
      }
      peer.send(wire(subject.role, GOODBYE))
      peer.end()
      await peer.inbox.rest()

      expect(got).toBe('0123456789')
    })

    runCases(subject, cases())
  })
}

function cases(): Case[] {
  const bytes = hex('00 ff fe fd fc fb 00 ff')
  return [
    ping('without payload', new Uint8Array(0), '8a 00'),
    ping('with text', hex('48 69'), '8a 02 48 69'),
    ping('with bytes that are no text', bytes, '8a 08 00 ff fe fd fc fb 00 ff'),
    ping('of 125 bytes', new Uint8Array(125).fill(0xfe), `8a 7d ${'fe '.repeat(125).trim()}`),
    tooLong('ping', PING, 126),
    tooLong('ping', PING, 65536),
    tooLong('pong', PONG, 126),
    {
      name: 'a pong that nobody asked for is ignored, without payload',
      sends: [{ first: PONG }, GOODBYE],
      gets: GOODBYE_HEX,
    },
    {
      name: 'a pong that nobody asked for is ignored, with payload',
      sends: [{ first: PONG, payload: hex('48 69') }, GOODBYE],
      gets: GOODBYE_HEX,
    },
    {
      name: 'a ping after a pong is answered',
      sends: [{ first: PONG, payload: hex('6e 6f') }, { first: PING, payload: hex('79') }, GOODBYE],
      gets: `8a 01 79 ${GOODBYE_HEX}`,
    },
    {
      name: 'a pong between fragments changes nothing',
      sends: [
        { first: BINARY_PART, payload: hex('01') },
        { first: PONG, payload: hex('09') },
        { first: LAST, payload: hex('02') },
        GOODBYE,
      ],
      gets: `82 02 01 02 ${GOODBYE_HEX}`,
    },
    fragmented('ping', PING),
    fragmented('pong', PONG),
    {
      name: 'a ping that is not final is refused inside a message too',
      sends: [{ first: TEXT_PART, payload: hex('61') }, { first: PING & 0x7f }],
      gets: FAILED_1002,
    },
  ]
}

function ping(name: string, payload: Uint8Array, answer: string): Case {
  const sends: WireFrame[] = [{ first: PING, payload }, GOODBYE]
  return { name: `a ping ${name} is answered`, sends, gets: `${answer} ${GOODBYE_HEX}` }
}

function tooLong(name: string, first: number, size: number): Case {
  return {
    name: `a ${name} of ${size} bytes is refused`,
    sends: [{ first, payload: new Uint8Array(size) }],
    gets: FAILED_1002,
  }
}

function fragmented(name: string, first: number): Case {
  return {
    name: `a ${name} that is not final is refused`,
    sends: [{ first: first & 0x7f, payload: hex('61') }, { first: LAST }],
    gets: FAILED_1002,
  }
}

function countUp(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => index)
}
