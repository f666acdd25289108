/**
 * Pings and pongs (RFC 6455 §5.5.2, §5.5.3). Family 2 of the public suite.
 */

import { type FrameCase, frameRule } from '../check-case.ts'
import {
  BINARY_PART,
  concat,
  FAILED_1002,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  LAST,
  PING,
  plainFrame,
  PONG,
  TEXT_PART,
} from '../wire/frame-bytes.ts'

const answered = frameRule('pings', '5.5.2', 'MUST')
const refused = frameRule('pings', '5.5', 'MUST')
const ignored = frameRule('pings', '5.5.3', 'MUST')

/** Returns the cases; both roles have the same. */
export function pingCases(): FrameCase[] {
  return [...everySize(), ...inTurn(), ...answers(), ...refusals(), ...pongs()]
}

function everySize(): FrameCase[] {
  const payloads = Array.from({ length: 126 }, (_, size) => countUp(size))
  return [
    answered(
      'pings of every size from 0 to 125 bytes come back as they are',
      [
        ...payloads.flatMap((payload, index) => [{ first: PING, payload }, { awaits: index + 1 }]),
        GOODBYE,
      ],
      concat(...payloads.map((payload) => plainFrame(PONG, payload)), hex(GOODBYE_HEX)),
    ),
  ]
}

function inTurn(): FrameCase[] {
  const turns = Array.from({ length: 10 }, (_, index) => index)
  return [
    answered(
      '10 pings, each in turn, get 10 pongs in their order',
      [
        ...turns.flatMap((index) => [
          { first: PING, payload: Uint8Array.of(index) },
          { awaits: index + 1 },
        ]),
        GOODBYE,
      ],
      `${turns.map((index) => `8a 01 0${index} `).join('')}${GOODBYE_HEX}`,
    ),
  ]
}

function answers(): FrameCase[] {
  const ping = (name: string, payload: Uint8Array): FrameCase =>
    answered(
      `a ping ${name} is answered`,
      [{ first: PING, payload }, GOODBYE],
      concat(plainFrame(PONG, payload), hex(GOODBYE_HEX)),
    )
  return [
    ping('without payload', new Uint8Array(0)),
    ping('with text', hex('48 69')),
    ping('with bytes that are no text', hex('00 ff fe fd fc fb 00 ff')),
    ping('of 125 bytes', new Uint8Array(125).fill(0xfe)),
  ]
}

function refusals(): FrameCase[] {
  const tooLong = (name: string, first: number, size: number): FrameCase =>
    refused(
      `a ${name} of ${size} bytes is refused`,
      [{ first, payload: new Uint8Array(size) }],
      FAILED_1002,
    )
  const fragmented = (name: string, first: number): FrameCase =>
    refused(
      `a ${name} that is not final is refused`,
      [{ first: first & 0x7f, payload: hex('61') }, { first: LAST }],
      FAILED_1002,
    )
  return [
    tooLong('ping', PING, 126),
    tooLong('ping', PING, 65536),
    tooLong('pong', PONG, 126),
    fragmented('ping', PING),
    fragmented('pong', PONG),
    refused(
      'a ping that is not final is refused inside a message too',
      [{ first: TEXT_PART, payload: hex('61') }, { first: PING & 0x7f }],
      FAILED_1002,
    ),
  ]
}

function pongs(): FrameCase[] {
  return [
    ignored(
      'an unsolicited pong is ignored, without payload',
      [{ first: PONG }, GOODBYE],
      GOODBYE_HEX,
    ),
    ignored(
      'an unsolicited pong is ignored, with payload',
      [{ first: PONG, payload: hex('48 69') }, GOODBYE],
      GOODBYE_HEX,
    ),
    answered(
      'a ping after a pong is answered',
      [{ first: PONG, payload: hex('6e 6f') }, { first: PING, payload: hex('79') }, GOODBYE],
      `8a 01 79 ${GOODBYE_HEX}`,
    ),
    ignored(
      'a pong between fragments changes nothing',
      [
        { first: BINARY_PART, payload: hex('01') },
        { first: PONG, payload: hex('09') },
        { first: LAST, payload: hex('02') },
        GOODBYE,
      ],
      `82 02 01 02 ${GOODBYE_HEX}`,
    ),
  ]
}

function countUp(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => index)
}
