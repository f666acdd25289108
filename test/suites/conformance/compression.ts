/**
 * Compressed messages (RFC 7692) on a server: sizes, windows, takeover, fragments, reserved bits,
 * invalid data. Families 12 and 13 of the public suite. `test/session/session-extensions.test.ts`
 * tests the client.
 */

import { constants, createInflateRaw, deflateRawSync, type InflateRaw } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concat, wire, type WireFrame } from '../../protocol/wire.ts'
import { hex } from '../../support/bytes.ts'
import {
  type Case,
  FAILED_1002,
  FAILED_1007,
  GOODBYE,
  GOODBYE_HEX,
  LAST,
  PART,
  pieces,
  PING,
  runCases,
  TEXT,
} from './exchange.ts'
import type { Peer } from '../../support/peer.ts'
import type { Subject } from './subject.ts'

const RSV1 = 0x40
const TAIL = hex('00 00 ff ff')

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

export function compression(subject: Subject): void {
  describe('compression (families 12 and 13)', () => {
    for (const offer of OFFERS) {
      const compressed = { ...subject, connect: () => subject.connect(offer) }
      it.each(SIZES)(
        `${MESSAGES} messages of %i bytes come back, agreed on ${offer}`,
        async (size) => {
          await echoesAll(compressed, size, Infinity)
        },
      )
      it.each(SIZES)(
        `${MESSAGES} messages of %i bytes in fragments, agreed on ${offer}`,
        async (size) => {
          await echoesAll(compressed, size, 256)
        },
      )
    }

    runCases({ ...subject, connect: () => subject.connect('permessage-deflate') }, examples())
    runCases({ ...subject, connect: () => subject.connect('permessage-deflate') }, violations())
    runCases(subject, [
      {
        name: 'RSV1 is refused when nothing was agreed on',
        sends: [{ first: TEXT | RSV1, payload: hex('f2 48 cd c9 c9 07 00') }],
        gets: FAILED_1002,
      },
    ])
  })
}

/** Sends compressed messages of several kinds in fragments, and inflates the echo. */
async function echoesAll(subject: Subject, size: number, fragment: number): Promise<void> {
  const messages = Array.from({ length: MESSAGES }, (_, index) => message(size, index))
  const sent = messages.flatMap((bytes) => {
    // The smallest window and no context takeover are valid for every agreement.
    const deflated = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, windowBits: 9 })
    return fragments(deflated.subarray(0, -4), fragment)
  })

  const peer = await subject.connect()
  peer.send(concat(...sent.map((frame) => wire(subject.role, frame))))

  const inflate = createInflateRaw()
  for (const bytes of messages) {
    const { first, payload } = await readFrame(peer)
    expect(first & ~RSV1).toBe(TEXT)
    const echoed = (first & RSV1) === 0 ? payload : await inflateOne(inflate, payload)
    expect(Buffer.compare(echoed, bytes)).toBe(0)
  }
  peer.send(wire(subject.role, GOODBYE))
  expect(await peer.rest()).toBe(GOODBYE_HEX)
  peer.end()
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

function fragments(payload: Uint8Array, size: number): WireFrame[] {
  if (payload.length <= size) return [{ first: TEXT | RSV1, payload }]
  const parts = pieces(payload, size)
  return parts.map((part, index) => {
    if (index === 0) return { first: 0x01 | RSV1, payload: part }
    return { first: index === parts.length - 1 ? LAST : PART, payload: part }
  })
}

/** The next frame, which is not masked. */
async function readFrame(
  peer: Peer,
): Promise<{ readonly first: number; readonly payload: Uint8Array }> {
  const [first = 0, short = 0] = await peer.inbox.take(2)
  const width = short < 126 ? 0 : short === 126 ? 2 : 8
  const extended = Buffer.from(await peer.inbox.take(width))
  const length =
    width === 0 ? short : extended.readUIntBE(Math.max(0, width - 6), Math.min(6, width))
  return { first, payload: await peer.inbox.take(length) }
}

function inflateOne(inflate: InflateRaw, payload: Uint8Array): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  inflate.removeAllListeners('data')
  inflate.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    inflate.once('error', reject)
    inflate.write(concat(payload, TAIL))
    inflate.flush(() => {
      inflate.removeListener('error', reject)
      resolve(concat(...chunks))
    })
  })
}

/** §7.2.3, to an echo that sends small messages as they are. */
function examples(): Case[] {
  const hello = `81 05 48 65 6c 6c 6f ${GOODBYE_HEX}`
  const one = (name: string, payload: string): Case => ({
    name,
    sends: [{ first: TEXT | RSV1, payload: hex(payload) }, GOODBYE],
    gets: hello,
  })
  return [
    one('a message in one block (§7.2.3.1)', 'f2 48 cd c9 c9 07 00'),
    one('a message in a block without compression (§7.2.3.3)', '00 05 00 fa ff 48 65 6c 6c 6f 00'),
    one('a message in a block with BFINAL (§7.2.3.4)', 'f3 48 cd c9 c9 07 00 00'),
    one('a message in two blocks (§7.2.3.5)', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'),
    {
      name: 'a message in two fragments, a ping between them (§7.2.3.1)',
      sends: [
        { first: 0x01 | RSV1, payload: hex('f2 48 cd') },
        { first: PING, payload: hex('01') },
        { first: LAST, payload: hex('c9 c9 07 00') },
        GOODBYE,
      ],
      gets: `8a 01 01 ${hello}`,
    },
    {
      name: 'a message that refers to the one before (§7.2.3.2)',
      sends: [
        { first: TEXT | RSV1, payload: hex('f2 48 cd c9 c9 07 00') },
        { first: TEXT | RSV1, payload: hex('f2 00 11 00 00') },
        GOODBYE,
      ],
      gets: `81 05 48 65 6c 6c 6f ${hello}`,
    },
    {
      name: 'an empty message (§7.2.3.6)',
      sends: [{ first: TEXT | RSV1, payload: hex('00') }, GOODBYE],
      gets: `81 00 ${GOODBYE_HEX}`,
    },
    {
      name: 'a message that is not compressed, between two that are',
      sends: [
        { first: TEXT | RSV1, payload: hex('f2 48 cd c9 c9 07 00') },
        { first: TEXT, payload: hex('68 69') },
        { first: TEXT | RSV1, payload: hex('f2 00 11 00 00') },
        GOODBYE,
      ],
      gets: `81 05 48 65 6c 6c 6f 81 02 68 69 ${hello}`,
    },
  ]
}

function violations(): Case[] {
  const hello = hex('f2 48 cd c9 c9 07 00')
  const refused = (name: string, sends: readonly WireFrame[], gets: string): Case => ({
    name: `${name}: what came before is echoed, and nothing after`,
    sends: [{ first: TEXT | RSV1, payload: hello }, ...sends, { first: TEXT, payload: hello }],
    gets: `81 05 48 65 6c 6c 6f ${gets}`,
  })
  return [
    refused('RSV1 on a ping', [{ first: PING | RSV1 }], FAILED_1002),
    refused('RSV1 on a Close', [{ first: 0x88 | RSV1 }], FAILED_1002),
    refused('RSV2', [{ first: TEXT | 0x20, payload: hello }], FAILED_1002),
    refused('RSV1 and RSV3', [{ first: TEXT | 0x50, payload: hello }], FAILED_1002),
    refused(
      'RSV1 on a continuation',
      [
        { first: 0x01 | RSV1, payload: hello },
        { first: LAST | RSV1, payload: hello },
      ],
      FAILED_1002,
    ),
    refused(
      'data that is no DEFLATE',
      [{ first: TEXT | RSV1, payload: hex('ff ff ff') }],
      FAILED_1007,
    ),
    refused(
      'compressed text that is not UTF-8',
      [{ first: TEXT | RSV1, payload: deflated('c0 80') }],
      FAILED_1007,
    ),
    refused('plain text that is not UTF-8', [{ first: TEXT, payload: hex('c0') }], FAILED_1007),
  ]
}

function deflated(bytes: string): Uint8Array {
  return deflateRawSync(hex(bytes), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}
