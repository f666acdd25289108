/**
 * Conformance cases: the bytes that a peer sends, and every byte of the answer, in both roles and
 * with the bytes cut in every way.
 */

import { expect, it } from 'vitest'
import type { Role } from '../../../src/protocol/index.ts'
import { concat, wire, type WireFrame } from '../../protocol/wire.ts'
import { hex, toHex } from '../../support/bytes.ts'
import { type Subject, turn } from './subject.ts'

/** One connection, from its first byte to its last. */
export interface Case {
  readonly name: string
  /** Frames of the peer, in order; hex for bytes that are no frame. */
  readonly sends: readonly (WireFrame | string)[]
  /** All that comes back until the end of the stream, in hex, without masks. */
  readonly gets: string
}

/** The first byte of each kind of frame that is final. */
export const TEXT = 0x81
export const BINARY = 0x82
export const LAST = 0x80
export const CLOSE = 0x88
export const PING = 0x89
export const PONG = 0x8a
/** The first byte of each kind of fragment that is not final. */
export const TEXT_PART = 0x01
export const BINARY_PART = 0x02
export const PART = 0x00

/** What a peer sends when it has nothing more to say, and what it gets for it. */
export const GOODBYE: WireFrame = { first: CLOSE, payload: hex('03 e8') }
export const GOODBYE_HEX = '88 02 03 e8'

/** The Close frames of a failure. */
export const FAILED_1002 = '88 02 03 ea'
export const FAILED_1007 = '88 02 03 ef'

/** How the bytes of a case are handed to the transport; what comes back may not depend on it. */
const CUTTINGS: readonly {
  readonly name: string
  readonly cut: (frames: readonly Uint8Array[]) => readonly Uint8Array[]
}[] = [
  { name: 'at once', cut: (frames) => [concat(...frames)] },
  { name: 'frame by frame', cut: (frames) => frames },
  { name: 'byte by byte', cut: (frames) => pieces(concat(...frames), 1) },
]

/** Above this size a case is not sent byte by byte. */
const BYTEWISE_BYTES = 600

/** Runs cases, each in every cutting. */
export function runCases(subject: Subject, cases: readonly Case[]): void {
  it.each(cases)('$name', async ({ sends, gets }) => {
    const frames = sends.map((frame) =>
      typeof frame === 'string' ? hex(frame) : wire(subject.role, frame),
    )
    const size = frames.reduce((sum, frame) => sum + frame.length, 0)
    for (const { name, cut } of CUTTINGS) {
      if (name === 'byte by byte' && size > BYTEWISE_BYTES) continue
      const got = await exchange(subject, cut(frames))
      expect(`${name}: ${toHex(got)}`).toBe(`${name}: ${gets}`)
    }
  })
}

/** Sends `chunks` and the end of the stream. @returns all that came back, without masks. */
export async function exchange(
  subject: Subject,
  chunks: readonly Uint8Array[],
): Promise<Uint8Array> {
  const peer = await subject.connect()
  for (const chunk of chunks) {
    if (peer.inbox.isEnded) break // it has been failed
    peer.send(chunk)
    if (chunks.length > 1) await turn()
  }
  // A server ends first (§7.1.1). A client waits for that, so that a test has to do it.
  if (subject.role === 'client') peer.end()
  const bytes = await peer.inbox.take(Infinity)
  peer.end()
  return withoutMasks(bytes, subject.role)
}

/** `bytes` in pieces of `size`; the last may be shorter. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

/**
 * Returns frames sent by `role` without masks, so that both roles are compared with the same bytes.
 * Throws if a client did not mask, or a server did (§5.1).
 */
export function withoutMasks(bytes: Uint8Array, role: Role): Uint8Array {
  const frames: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const second = byteAt(bytes, at + 1)
    const isMasked = second >= 0x80
    if (isMasked !== (role === 'client')) throw new Error(`a ${role} sent the wrong mask bit`)
    const short = second & 0x7f
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8
    let length = short < 126 ? short : 0
    for (let index = 0; index < lengthBytes; index++) {
      length = length * 256 + byteAt(bytes, at + 2 + index)
    }
    const body = at + 2 + lengthBytes + (isMasked ? 4 : 0)
    const header = bytes.slice(at, at + 2 + lengthBytes)
    header[1] = short
    const payload = bytes.slice(body, body + length)
    if (payload.length < length) throw new Error(`a ${role} sent a frame in part`)
    if (isMasked) {
      const key = bytes.subarray(body - 4, body)
      for (let index = 0; index < length; index++) {
        payload[index] = byteAt(payload, index) ^ byteAt(key, index & 3)
      }
    }
    frames.push(header, payload)
    at = body + length
  }
  return concat(...frames)
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Error('a frame ends inside its header')
  return byte
}
