/**
 * Large messages, many fragments and many messages, each echoed within a time limit. Families 9 and
 * 10 of the public suite.
 */

import { describe, expect, it } from 'vitest'
import { concat, wire } from '../../protocol/wire.ts'
import { hex, toHex } from '../../support/bytes.ts'
import {
  BINARY,
  BINARY_PART,
  GOODBYE,
  GOODBYE_HEX,
  LAST,
  PART,
  pieces,
  TEXT,
  withoutMasks,
} from './exchange.ts'
import { type Subject, turn } from './subject.ts'

const MIB = 1024 * 1024

/** More than any of them takes on a busy machine by far; a quadratic decoder would need hours. */
const TIME = { timeout: 60_000 }

export function limits(subject: Subject): void {
  describe('limits (families 9 and 10)', () => {
    for (const [name, first] of [
      ['text', TEXT],
      ['binary', BINARY],
    ] as const) {
      it.each([65536, 256 * 1024, MIB, 4 * MIB, 16 * MIB])(
        `a ${name} message of %i bytes, whole`,
        TIME,
        async (size) => {
          await echoes(subject, first, pattern(size, first), [wholeFrame(subject, first, size)])
        },
      )
    }

    it.each([64, 256, 1024, 1300, 4096, 65536, 256 * 1024, MIB])(
      'a message of 4 MiB in fragments of %i bytes',
      TIME,
      async (fragment) => {
        const payload = pattern(4 * MIB, BINARY)

        await echoes(subject, BINARY, payload, fragments(subject, payload, fragment))
      },
    )

    it('a message of 16 MiB in 65 536 fragments', TIME, async () => {
      const payload = pattern(16 * MIB, BINARY)

      await echoes(subject, BINARY, payload, fragments(subject, payload, 256))
    })

    it('a message of 256 KiB in fragments of one byte', TIME, async () => {
      const payload = pattern(MIB / 4, BINARY)

      await echoes(subject, BINARY, payload, fragments(subject, payload, 1))
    })

    it.each([64, 128, 256, 512, 1024, 2048])(
      'a text of 1 MiB in chunks of %i bytes',
      TIME,
      async (chunk) => {
        const bytes = wholeFrame(subject, TEXT, MIB)

        await echoes(subject, TEXT, pattern(MIB, TEXT), pieces(bytes, chunk))
      },
    )

    it('an announced message of 16 MiB, byte by byte for its first 64 KiB', TIME, async () => {
      const bytes = wholeFrame(subject, BINARY, 16 * MIB)
      const bytewise = pieces(bytes.subarray(0, 65536), 1)

      await echoes(subject, BINARY, pattern(16 * MIB, BINARY), [...bytewise, bytes.subarray(65536)])
    })

    it.each([0, 16, 64, 256, 1024, 4096])(
      '1000 messages of %i bytes come back in their order',
      TIME,
      async (size) => {
        const payloads = Array.from({ length: 1000 }, (_, index) =>
          new Uint8Array(size).fill(index & 0x7f),
        )
        const expected = payloads.map((payload) => concat(frameHeader(TEXT, size), payload))

        const got = await received(
          subject,
          payloads.map((payload) => wire(subject.role, { first: TEXT, payload })),
          concat(...expected).length,
          1000,
        )

        expect(Buffer.compare(got, concat(...expected, hex(GOODBYE_HEX)))).toBe(0)
      },
    )
  })
}

/** Sends `chunks`, which are one message, and compares what comes back. */
async function echoes(
  subject: Subject,
  first: number,
  payload: Uint8Array,
  chunks: readonly Uint8Array[],
): Promise<void> {
  const header = frameHeader(first, payload.length)

  const got = await received(subject, chunks, header.length + payload.length, 1)

  expect(toHex(got.subarray(0, header.length))).toBe(toHex(header))
  expect(Buffer.compare(got.subarray(header.length, -4), payload)).toBe(0)
  expect(toHex(got.subarray(-4))).toBe(GOODBYE_HEX)
}

/**
 * Returns the echo of `chunks` (`frames` frames of `size` bytes without masks) and of the Close
 * after them.
 */
async function received(
  subject: Subject,
  chunks: readonly Uint8Array[],
  size: number,
  frames: number,
): Promise<Uint8Array> {
  const peer = await subject.connect()
  let sent = 0
  for (const chunk of chunks) {
    peer.send(chunk)
    // Now and then, so that what is written is also read.
    if ((sent += 1) % 64 === 0) await turn()
  }
  const echo = await peer.inbox.take(subject.role === 'client' ? size + 4 * frames : size)
  peer.send(wire(subject.role, GOODBYE))
  if (subject.role === 'client') peer.end()
  const close = await peer.inbox.take(Infinity)
  peer.end()
  return withoutMasks(concat(echo, close), subject.role)
}

function wholeFrame(subject: Subject, first: number, size: number): Uint8Array {
  return wire(subject.role, { first, payload: pattern(size, first) })
}

function fragments(subject: Subject, payload: Uint8Array, size: number): Uint8Array[] {
  const parts = pieces(payload, size)
  return parts.map((part, index) => {
    const first = index === 0 ? BINARY_PART : index === parts.length - 1 ? LAST : PART
    return wire(subject.role, { first: parts.length === 1 ? BINARY : first, payload: part })
  })
}

/** Bytes that differ from place to place; ASCII for text. */
function pattern(size: number, first: number): Uint8Array {
  const bytes = new Uint8Array(size)
  const mask = first === TEXT ? 0x7f : 0xff
  for (let at = 0; at < size; at++) bytes[at] = ((at * 31) ^ (at >> 8)) & mask
  return bytes
}

/** The header of an unmasked frame (§5.2). */
function frameHeader(first: number, size: number): Uint8Array {
  if (size < 126) return Uint8Array.of(first, size)
  if (size < 65536) return Uint8Array.of(first, 126, size >> 8, size & 0xff)
  const header = Buffer.alloc(10)
  header[0] = first
  header[1] = 127
  header.writeBigUInt64BE(BigInt(size), 2)
  return header
}
