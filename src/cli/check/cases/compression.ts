/**
 * Compressed messages (RFC 7692): sizes, windows, takeover, fragments, reserved bits and invalid
 * data. Families 12 and 13 of the public suite.
 */

import { constants, deflateRawSync } from 'node:zlib'

import { type Exchange, type FrameCase, frameRule, largeCase } from '../check-case.ts'
import {
  concat,
  FAILED_1002,
  FAILED_1007,
  GOODBYE,
  GOODBYE_HEX,
  hex,
  LAST,
  PART,
  pieces,
  PING,
  plainFrame,
  RSV1,
  TEXT,
  TEXT_PART,
} from '../wire/frame-bytes.ts'
import type { WireFrame } from '../wire/wire-frame.ts'

/**
 * Valid offers. The last two have an alternative that must be declined before one that is accepted.
 */
const OFFERS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits; client_no_context_takeover',
  'permessage-deflate; server_no_context_takeover',
  'permessage-deflate; server_max_window_bits=9',
  'permessage-deflate; server_max_window_bits=15; client_max_window_bits=15',
  'permessage-deflate; server_no_context_takeover; server_max_window_bits=9',
  'permessage-deflate; server_max_window_bits=16, permessage-deflate',
  'permessage-deflate; unknown=1, permessage-deflate; client_max_window_bits=10',
]

/** The sizes of the public suite. */
const SIZES = [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072]
const MESSAGES = 20
const FRAGMENT_BYTES = 256

const PLAIN_OFFER = { offer: 'permessage-deflate' }
const HELLO = hex('f2 48 cd c9 c9 07 00')
const HELLO_AGAIN = hex('f2 00 11 00 00')
const HELLO_HEX = '81 05 48 65 6c 6c 6f'

/** Returns the cases for servers. */
export function compressionCases(): FrameCase[] {
  return [
    ...OFFERS.flatMap((offer) => SIZES.flatMap((size) => echoes(offer, size))),
    ...examples(),
    ...takeover(),
    ...violations(),
    frameRule('compression', 'RFC 7692 §6', 'MUST')(
      'RSV1 is refused when nothing was agreed on',
      [{ first: TEXT | RSV1, payload: HELLO }],
      FAILED_1002,
    ),
  ]
}

/** Compressed messages of several kinds, whole and in fragments. */
function echoes(offer: string, size: number): FrameCase[] {
  const about = `${MESSAGES} messages of ${size} bytes`
  const define = (name: string, fragment: number): FrameCase => ({
    ...largeCase('compression', 'RFC 7692 §7.2', 'MUST', `${name}, agreed on ${offer}`, () =>
      echo(size, fragment),
    ),
    offer,
  })
  return [
    define(`${about} come back`, Infinity),
    define(`${about} in fragments come back`, FRAGMENT_BYTES),
  ]
}

function echo(size: number, fragment: number): Exchange {
  const messages = Array.from({ length: MESSAGES }, (_, index) => message(size, index))
  const sent = messages.flatMap((bytes) => fragments(deflated(bytes), fragment))
  return {
    sends: [...sent, { awaits: MESSAGES }, GOODBYE],
    gets: concat(...messages.map((bytes) => plainFrame(TEXT, bytes)), hex(GOODBYE_HEX)),
    isAtOnce: true,
    isLarge: true,
    isCompressed: true,
  }
}

/** §7.2.3, to an echo that sends small messages as they are. */
function examples(): FrameCase[] {
  const one = (section: string, name: string, payload: string): FrameCase =>
    frameRule(
      'compression',
      `RFC 7692 §${section}`,
      'MUST',
      PLAIN_OFFER,
    )(
      `${name} (§${section})`,
      [{ first: TEXT | RSV1, payload: hex(payload) }, GOODBYE],
      `${HELLO_HEX} ${GOODBYE_HEX}`,
    )
  return [
    one('7.2.3.1', 'a message in one block', 'f2 48 cd c9 c9 07 00'),
    one('7.2.3.3', 'a message in a block without compression', '00 05 00 fa ff 48 65 6c 6c 6f 00'),
    one('7.2.3.4', 'a message in a block with BFINAL', 'f3 48 cd c9 c9 07 00 00'),
    one('7.2.3.5', 'a message in two blocks', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'),
    frameRule(
      'compression',
      'RFC 7692 §7.2.3.1',
      'MUST',
      PLAIN_OFFER,
    )(
      'a message in two fragments, a ping between them (§7.2.3.1)',
      [
        { first: TEXT_PART | RSV1, payload: hex('f2 48 cd') },
        { first: PING, payload: hex('01') },
        { first: LAST, payload: hex('c9 c9 07 00') },
        GOODBYE,
      ],
      `8a 01 01 ${HELLO_HEX} ${GOODBYE_HEX}`,
    ),
    frameRule(
      'compression',
      'RFC 7692 §7.2.3.6',
      'MUST',
      PLAIN_OFFER,
    )(
      'an empty message (§7.2.3.6)',
      [{ first: TEXT | RSV1, payload: hex('00') }, GOODBYE],
      `81 00 ${GOODBYE_HEX}`,
    ),
  ]
}

function takeover(): FrameCase[] {
  const refers = frameRule('compression', 'RFC 7692 §7.2.3.2', 'MUST', {
    ...PLAIN_OFFER,
    needsTakeover: true,
  })
  return [
    refers(
      'a message that refers to the one before (§7.2.3.2)',
      [
        { first: TEXT | RSV1, payload: HELLO },
        { first: TEXT | RSV1, payload: HELLO_AGAIN },
        GOODBYE,
      ],
      `${HELLO_HEX} ${HELLO_HEX} ${GOODBYE_HEX}`,
    ),
    refers(
      'a message that is not compressed, between two that are',
      [
        { first: TEXT | RSV1, payload: HELLO },
        { first: TEXT, payload: hex('68 69') },
        { first: TEXT | RSV1, payload: HELLO_AGAIN },
        GOODBYE,
      ],
      `${HELLO_HEX} 81 02 68 69 ${HELLO_HEX} ${GOODBYE_HEX}`,
    ),
  ]
}

function violations(): FrameCase[] {
  const refused = (
    section: string,
    name: string,
    sends: readonly WireFrame[],
    gets: string,
  ): FrameCase =>
    frameRule(
      'compression',
      section,
      'MUST',
      PLAIN_OFFER,
    )(
      `${name}: what came before is echoed, and nothing after`,
      [{ first: TEXT | RSV1, payload: HELLO }, ...sends, { first: TEXT, payload: HELLO }],
      `${HELLO_HEX} ${gets}`,
    )
  return [
    refused('RFC 7692 §6', 'RSV1 on a ping', [{ first: PING | RSV1 }], FAILED_1002),
    refused('RFC 7692 §6', 'RSV1 on a Close', [{ first: 0x88 | RSV1 }], FAILED_1002),
    refused('5.2', 'RSV2', [{ first: TEXT | 0x20, payload: HELLO }], FAILED_1002),
    refused('5.2', 'RSV1 and RSV3', [{ first: TEXT | 0x50, payload: HELLO }], FAILED_1002),
    refused(
      'RFC 7692 §6.1',
      'RSV1 on a continuation',
      [
        { first: TEXT_PART | RSV1, payload: HELLO },
        { first: LAST | RSV1, payload: HELLO },
      ],
      FAILED_1002,
    ),
    refused(
      'RFC 7692 §7.2.2',
      'data that is no DEFLATE',
      [{ first: TEXT | RSV1, payload: hex('ff ff ff') }],
      FAILED_1007,
    ),
    refused(
      '8.1',
      'compressed text that is not UTF-8',
      [{ first: TEXT | RSV1, payload: deflated(hex('c0 80')) }],
      FAILED_1007,
    ),
    refused(
      '8.1',
      'plain text that is not UTF-8',
      [{ first: TEXT, payload: hex('c0') }],
      FAILED_1007,
    ),
  ]
}

/** Text that repeats itself, numbers that hardly do, and one byte over and over. */
function message(size: number, index: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let state = index + 1
  for (let at = 0; at < size; at++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff
    if (index % 3 === 0) bytes[at] = 0x61 + (at % 23)
    else if (index % 3 === 1) bytes[at] = (state >> 16) & 0x7f
    else bytes[at] = 0x2a
  }
  return bytes
}

/** The smallest window and no context takeover are valid for every agreement. */
function deflated(bytes: Uint8Array): Uint8Array {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, windowBits: 9 }
  return deflateRawSync(bytes, options).subarray(0, -4)
}

function fragments(payload: Uint8Array, size: number): WireFrame[] {
  if (payload.length <= size) return [{ first: TEXT | RSV1, payload }]
  const parts = pieces(payload, size)
  return parts.map((part, index) => {
    if (index === 0) return { first: TEXT_PART | RSV1, payload: part }
    return { first: index === parts.length - 1 ? LAST : PART, payload: part }
  })
}
