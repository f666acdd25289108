/**
 * Fragmented messages, and control frames between fragments (RFC 6455 §5.4). Family 5 of the public
 * suite.
 */

import { type FrameCase, frameRule } from '../check-case.ts'
import {
  BINARY,
  BINARY_PART,
  CLOSE,
  FAILED_1002,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  LAST,
  PART,
  PING,
  PONG,
  TEXT,
  TEXT_PART,
} from '../wire/frame-bytes.ts'
import type { WireFrame } from '../wire/wire-frame.ts'

const NONE = new Uint8Array(0)
const A = hex('61')
const B = hex('62')
const C = hex('63')

const echoed = frameRule('fragmentation', '5.4', 'MUST')
const refused = frameRule('fragmentation', '5.4', 'MUST')
const dropped = frameRule('fragmentation', '5.5.1', 'MUST')

/** Returns the cases; both roles have the same. */
export function fragmentationCases(): FrameCase[] {
  return [...allPatterns(), ...whole(), ...withoutStart(), ...interleaved()]
}

/**
 * Text and binary, in 1 to 4 fragments, each empty or not, with a ping before each fragment or
 * none.
 */
function allPatterns(): FrameCase[] {
  const cases: FrameCase[] = []
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
): FrameCase {
  const sends: WireFrame[] = []
  let payload = ''
  for (let index = 0; index < count; index++) {
    const isEmpty = ((empties >> index) & 1) === 1
    const fin = index === count - 1 ? 0x80 : 0
    if (pinged) sends.push({ first: PING, payload: Uint8Array.of(index) })
    sends.push({ first: fin | (index === 0 ? first & 0x0f : 0), payload: isEmpty ? NONE : A })
    if (!isEmpty) payload += ' 61'
  }
  const answers = pinged
    ? Array.from({ length: count }, (_, index) => `8a 01 0${index} `).join('')
    : ''
  const shape = Array.from({ length: count }, (_, at) => ((empties >> at) & 1 ? '0' : '1')).join(
    '+',
  )
  return echoed(
    `${type} in fragments of ${shape} bytes${pinged ? ', a ping before each' : ''}`,
    [...sends, GOODBYE],
    `${answers}${first.toString(16)} 0${payload.length / 3}${payload} ${GOODBYE_HEX}`,
  )
}

function whole(): FrameCase[] {
  return [
    echoed(
      'two fragmented messages, one after the other',
      [
        { first: TEXT_PART, payload: A },
        { first: LAST, payload: B },
        { first: BINARY_PART, payload: B },
        { first: LAST, payload: C },
        GOODBYE,
      ],
      `81 02 61 62 82 02 62 63 ${GOODBYE_HEX}`,
    ),
    echoed(
      'several pings between two fragments are all answered before the message',
      [
        { first: TEXT_PART, payload: A },
        { first: PING, payload: A },
        { first: PING, payload: B },
        { first: PART, payload: B },
        { first: PING, payload: C },
        { first: LAST, payload: C },
        GOODBYE,
      ],
      `8a 01 61 8a 01 62 8a 01 63 81 03 61 62 63 ${GOODBYE_HEX}`,
    ),
    dropped(
      'a Close inside a message is answered, and the message is dropped',
      [{ first: TEXT_PART, payload: A }, GOODBYE],
      GOODBYE_HEX,
    ),
    dropped(
      'a Close inside a message: the message before it is echoed',
      [{ first: TEXT, payload: C }, { first: TEXT_PART, payload: A }, GOODBYE],
      `81 01 63 ${GOODBYE_HEX}`,
    ),
  ]
}

function withoutStart(): FrameCase[] {
  return [LAST, PART].flatMap((first) => [
    refused(
      `a continuation ${hexOf(first)} without a start is refused`,
      [{ first, payload: A }],
      FAILED_1002,
    ),
    refused(
      `an empty continuation ${hexOf(first)} without a start is refused`,
      [{ first }],
      FAILED_1002,
    ),
    refused(
      `a continuation ${hexOf(first)} after a whole message is refused, which is echoed`,
      [
        { first: TEXT, payload: A },
        { first, payload: B },
      ],
      `81 01 61 ${FAILED_1002}`,
    ),
    refused(
      `a continuation ${hexOf(first)} after a fragmented message is refused, which is echoed`,
      [
        { first: TEXT_PART, payload: A },
        { first: LAST, payload: B },
        { first, payload: C },
        { first: TEXT, payload: C },
      ],
      `81 02 61 62 ${FAILED_1002}`,
    ),
  ])
}

function interleaved(): FrameCase[] {
  const starts = [
    ['text', TEXT],
    ['binary', BINARY],
  ] as const
  return [
    ...starts.flatMap(([inner, opcode]) =>
      starts.flatMap(([outer, start]) =>
        [0x80, 0].map((fin) =>
          refused(
            `a ${fin === 0 ? 'fragmented' : 'whole'} ${inner} message inside a ${outer} message is refused`,
            [
              { first: start & 0x0f, payload: A },
              { first: fin | (opcode & 0x0f), payload: B },
              { first: LAST, payload: C },
            ],
            FAILED_1002,
          ),
        ),
      ),
    ),
    ...[CLOSE, PING, PONG].map((first) =>
      refused(
        `a fragmented control frame ${hexOf(first)} is refused`,
        [{ first: first & 0x0f }, { first: LAST }],
        FAILED_1002,
      ),
    ),
  ]
}

function hexOf(first: number): string {
  return first.toString(16).padStart(2, '0')
}
