/**
 * Fragmented messages, and control frames between fragments (RFC 6455 §5.4). Family 5 of the public
 * suite.
 */

import { describe } from 'vitest'
import type { WireFrame } from '../../protocol/wire.ts'
import { hex } from '../../support/bytes.ts'
import {
  BINARY,
  BINARY_PART,
  type Case,
  CLOSE,
  FAILED_1002,
  GOODBYE,
  GOODBYE_HEX,
  LAST,
  PART,
  PING,
  PONG,
  runCases,
  TEXT,
  TEXT_PART,
} from './exchange.ts'
import type { Subject } from './subject.ts'

const NONE = new Uint8Array(0)
const A = hex('61')
const B = hex('62')
const C = hex('63')

export function fragmentation(subject: Subject): void {
  describe('fragmentation (family 5)', () => {
    runCases(subject, allPatterns())
    runCases(subject, whole())
    runCases(subject, outOfOrder())
  })
}

/**
 * Text and binary, in 1 to 4 fragments, each empty or not, with a ping before each fragment or
 * none.
 */
function allPatterns(): Case[] {
  const cases: Case[] = []
  for (const [type, first] of [
    ['text', TEXT],
    ['binary', BINARY],
  ] as const) {
    for (let count = 1; count <= 4; count++) {
      for (let empties = 0; empties < 1 << count; empties++) {
        for (const pinged of [false, true]) cases.push(pattern(type, first, count, empties, pinged))
      }
    }
  }
  return cases
}

function pattern(
  type: string,
  first: number,
  count: number,
  empties: number,
  pinged: boolean,
): Case {
  const sends: WireFrame[] = []
  let payload = ''
  for (let index = 0; index < count; index++) {
    const isEmpty = ((empties >> index) & 1) === 1
    const fin = index === count - 1 ? 0x80 : 0
    if (pinged) sends.push({ first: PING, payload: Uint8Array.of(index) })
    sends.push({ first: fin | (index === 0 ? first & 0x0f : 0), payload: isEmpty ? NONE : A })
    if (!isEmpty) payload += ' 61'
  }
  const pongs = pinged
    ? Array.from({ length: count }, (_, index) => `8a 01 0${index} `).join('')
    : ''
  const shape = Array.from({ length: count }, (_, at) => ((empties >> at) & 1 ? '0' : '1')).join(
    '+',
  )
  return {
    name: `${type} in fragments of ${shape} bytes${pinged ? ', a ping before each' : ''}`,
    sends: [...sends, GOODBYE],
    gets: `${pongs}${first.toString(16)} 0${payload.length / 3}${payload} ${GOODBYE_HEX}`,
  }
}

function whole(): Case[] {
  return [
    {
      name: 'two fragmented messages, one after the other',
      sends: [
        { first: TEXT_PART, payload: A },
        { first: LAST, payload: B },
        { first: BINARY_PART, payload: B },
        { first: LAST, payload: C },
        GOODBYE,
      ],
      gets: `81 02 61 62 82 02 62 63 ${GOODBYE_HEX}`,
    },
    {
      name: 'several pings between two fragments are all answered before the message',
      sends: [
        { first: TEXT_PART, payload: A },
        { first: PING, payload: A },
        { first: PING, payload: B },
        { first: PART, payload: B },
        { first: PING, payload: C },
        { first: LAST, payload: C },
        GOODBYE,
      ],
      gets: `8a 01 61 8a 01 62 8a 01 63 81 03 61 62 63 ${GOODBYE_HEX}`,
    },
    {
      name: 'a Close inside a message is answered, and the message is dropped',
      sends: [{ first: TEXT_PART, payload: A }, GOODBYE],
      gets: GOODBYE_HEX,
    },
    {
      name: 'a Close inside a message: the message before it is echoed',
      sends: [{ first: TEXT, payload: C }, { first: TEXT_PART, payload: A }, GOODBYE],
      gets: `81 01 63 ${GOODBYE_HEX}`,
    },
  ]
}

function outOfOrder(): Case[] {
  const starts = [
    ['text', TEXT],
    ['binary', BINARY],
  ] as const
  return [
    ...[LAST, PART].flatMap((first) => [
      {
        name: `a continuation ${hexOf(first)} without a start is refused`,
        sends: [{ first, payload: A }],
        gets: FAILED_1002,
      },
      {
        name: `an empty continuation ${hexOf(first)} without a start is refused`,
        sends: [{ first }],
        gets: FAILED_1002,
      },
      {
        name: `a continuation ${hexOf(first)} after a whole message is refused, which is echoed`,
        sends: [
          { first: TEXT, payload: A },
          { first, payload: B },
        ],
        gets: `81 01 61 ${FAILED_1002}`,
      },
      {
        name: `a continuation ${hexOf(first)} after a fragmented message is refused, which is echoed`,
        sends: [
          { first: TEXT_PART, payload: A },
          { first: LAST, payload: B },
          { first, payload: C },
          { first: TEXT, payload: C },
        ],
        gets: `81 02 61 62 ${FAILED_1002}`,
      },
    ]),
    ...starts.flatMap(([inner, opcode]) =>
      starts.flatMap(([outer, start]) =>
        [0x80, 0].map((fin) => ({
          name: `a ${fin === 0 ? 'fragmented' : 'whole'} ${inner} message inside a ${outer} message is refused`,
          sends: [
            { first: start & 0x0f, payload: A },
            { first: fin | (opcode & 0x0f), payload: B },
            { first: LAST, payload: C },
          ],
          gets: FAILED_1002,
        })),
      ),
    ),
    ...[CLOSE, PING, PONG].map((first) => ({
      name: `a fragmented control frame ${hexOf(first)} is refused`,
      sends: [{ first: first & 0x0f }, { first: LAST }],
      gets: FAILED_1002,
    })),
  ]
}

function hexOf(first: number): string {
  return first.toString(16).padStart(2, '0')
}
