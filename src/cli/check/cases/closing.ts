/**
 * The closing handshake (RFC 6455 §5.5.1, §7): payloads, codes, and frames after a Close. Family 7
 * of the public suite.
 */

import { type FrameCase, frameRule, type Grade, largeCase } from '../check-case.ts'
import {
  CLOSE,
  concat,
  FAILED_1002,
  FAILED_1007,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  LAST,
  PING,
  plainFrame,
  TEXT,
  TEXT_PART,
  utf8,
} from '../wire/frame-bytes.ts'

/** §7.4: the codes that may be in a Close frame, as ranges with both ends. */
const MAY_TRAVEL = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
] as const

const NOT_UTF8 = [
  'ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64',
  'c3',
  '80',
  'c0 80',
  'f4 90 80 80',
  'ff',
  '61 e2 82',
]

const HELLO = { first: TEXT, payload: hex('48 69') }
const HELLO_HEX = '81 02 48 69'

const answered = frameRule('closing', '5.5.1', 'MUST')
const refused = frameRule('closing', '5.5.1', 'MUST')

/** Returns the cases; both roles have the same. */
export function closingCases(): FrameCase[] {
  return [...payloads(), ...invalidPayloads(), ...together(), ...afterAClose(), ...codes()]
}

function payloads(): FrameCase[] {
  const longest = utf8('ä'.repeat(61) + 'x')
  const reason = (name: string, text: Uint8Array): FrameCase =>
    answered(
      `a Close with ${name} is answered`,
      [{ first: CLOSE, payload: concat(hex('03 e8'), text) }],
      GOODBYE_HEX,
    )
  return [
    answered('an empty Close gets an empty one', [{ first: CLOSE }], '88 00'),
    reason('a code alone', utf8('')),
    reason('a code and a reason', utf8('going away')),
    reason('a reason of 122 bytes', utf8('a'.repeat(122))),
    reason('a reason of 123 bytes', longest),
  ]
}

function invalidPayloads(): FrameCase[] {
  const longest = utf8('ä'.repeat(61) + 'x')
  const invalidText = frameRule('closing', '8.1', 'MUST')
  const tooLong = frameRule('closing', '5.5', 'MUST')
  return [
    refused('a Close of one byte is refused', [{ first: CLOSE, payload: hex('03') }], FAILED_1002),
    tooLong(
      'a Close with a reason of 124 bytes is refused',
      [{ first: CLOSE, payload: concat(hex('03 e8'), longest, utf8('x')) }],
      FAILED_1002,
    ),
    ...NOT_UTF8.map((bytes) =>
      invalidText(
        `a Close with a reason that is not UTF-8 (${bytes}) is refused with 1007`,
        [{ first: CLOSE, payload: concat(hex('03 e8'), hex(bytes)) }],
        FAILED_1007,
      ),
    ),
    frameRule('closing', '7.4.1', 'MAY')(
      'a code that may not travel counts before a reason that is not UTF-8',
      [{ first: CLOSE, payload: hex('03 ed ff') }],
      FAILED_1002,
    ),
    tooLong(
      'a Close that is not final is refused',
      [{ first: CLOSE & 0x7f, payload: hex('03 e8') }],
      FAILED_1002,
    ),
  ]
}

/** Messages that are sent without waiting, and then a Close. A peer may answer the Close first. */
function together(): FrameCase[] {
  const first = frameRule('closing', '5.5.1', 'MAY')
  const payload = new Uint8Array(8192).fill(0x2a)
  const eight = Array.from({ length: 8 }, () => ({ first: TEXT, payload }))
  return [
    first(
      'a message and a Close: the message is echoed first',
      [HELLO, GOODBYE],
      `${HELLO_HEX} ${GOODBYE_HEX}`,
      { isAtOnce: true },
    ),
    first(
      'three messages and a Close: all are echoed first',
      [HELLO, HELLO, HELLO, GOODBYE],
      `${HELLO_HEX} ${HELLO_HEX} ${HELLO_HEX} ${GOODBYE_HEX}`,
      { isAtOnce: true },
    ),
    first(
      '64 KiB of messages and then a Close: all that is sent before the Close is echoed',
      [...eight, GOODBYE],
      concat(...eight.map((frame) => plainFrame(TEXT, frame.payload)), hex(GOODBYE_HEX)),
      { isAtOnce: true, isLarge: true },
    ),
    first(
      'a message and the end of the stream without a Close: the message is echoed',
      [HELLO, { ends: true }],
      HELLO_HEX,
      { isAtOnce: true },
    ),
  ]
}

/** What comes behind a Close counts for nothing. */
function afterAClose(): FrameCase[] {
  const ignored = frameRule('closing', '5.5.1', 'MUST')
  const flood = 'messages behind a Close, be they ever so many, are not answered'
  return [
    ignored(
      'a second Close is not answered',
      [GOODBYE, { first: CLOSE, payload: hex('03 e9') }],
      GOODBYE_HEX,
    ),
    frameRule('closing', '5.5.2', 'MAY')(
      'a ping after a Close is not answered',
      [GOODBYE, { first: PING }],
      GOODBYE_HEX,
    ),
    ignored('a message after a Close is not echoed', [GOODBYE, HELLO], GOODBYE_HEX),
    ignored(
      'a violation after a Close is not looked at',
      [GOODBYE, { first: 0xff }, 'ff ff ff ff'],
      GOODBYE_HEX,
    ),
    ignored(
      'the end of a fragmented message after a Close is not echoed',
      [{ first: TEXT_PART, payload: hex('61') }, GOODBYE, { first: LAST }],
      GOODBYE_HEX,
    ),
    frameRule('closing', '7.1.7', 'MUST')(
      'a Close after a violation is not answered again',
      [{ first: 0x83 }, GOODBYE],
      FAILED_1002,
    ),
    largeCase('closing', '5.5.1', 'MUST', flood, () => {
      const large = { first: TEXT, payload: new Uint8Array(65536) }
      return {
        sends: [GOODBYE, large, large, large, large],
        gets: hex(GOODBYE_HEX),
        isLarge: true,
      }
    }),
  ]
}

/** The boundaries of every range, and each of the registered codes. */
function codes(): FrameCase[] {
  const registered = Array.from({ length: 17 }, (_, index) => 999 + index)
  const others = [0, 1, 500, 1016, 1100, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 32768, 65535]
  return [...registered, ...others].map((code) => codeCase(code))
}

/** Returns the case of a Close with `code`. */
export function codeCase(code: number): FrameCase {
  const travels = mayTravel(code)
  const isListed = code >= 1000 && code <= 1015
  const rule = frameRule('closing', isListed ? '7.4.1' : '7.4.2', gradeOf(code))
  return rule(
    `code ${code} is ${travels ? 'answered with itself' : 'refused'}`,
    [{ first: CLOSE, payload: concat(twoBytes(code), utf8('why')) }],
    travels ? concat(hex('88 02'), twoBytes(code)) : FAILED_1002,
  )
}

/**
 * The RFC lists codes that never travel, but does not say what the receiver of one does. 1004, 1012
 * to 1014, and 1016 to 2999 are for later definitions, and codes from 5000 on have none.
 *
 * 1010 is for clients, and "is not used by the server" (§7.4.1). That is a note: only 1005, 1006
 * and 1015 must not be in a Close. A client that gets 1010 answers it as any other Close (§5.5.1).
 */
function gradeOf(code: number): Grade {
  if (code === 1004 || code >= 5000) return 'MAY'
  if (code >= 1012 && code <= 2999 && code !== 1015) return 'MAY'
  return mayTravel(code) ? 'MUST' : 'SHOULD'
}

function mayTravel(code: number): boolean {
  return MAY_TRAVEL.some(([least, greatest]) => code >= least && code <= greatest)
}

function twoBytes(code: number): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff)
}
