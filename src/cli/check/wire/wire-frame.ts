/**
 * Frames put together by hand, byte by byte and independently of the encoder.
 */

import type { Role } from '../../../protocol/index.ts'
import { concat } from './frame-bytes.ts'

/** A frame, valid or not. */
export interface WireFrame {
  /** Fin, reserved bits and opcode. */
  readonly first: number
  readonly payload?: Uint8Array
  /** The length that is announced; by default the length of the payload. */
  readonly length?: bigint
  /** How many bytes the length takes: 1, 3 or 9; by default the shortest form. */
  readonly lengthBytes?: 1 | 3 | 9
  /** Whether there is a mask; by default a frame for a server has one. */
  readonly masked?: boolean
}

const KEY: readonly number[] = [0x37, 0xfa, 0x21, 0x3d]

/** Returns the bytes of a frame that arrives at a peer in `role`. */
export function wire(role: Role, frame: WireFrame): Uint8Array {
  const payload = frame.payload ?? new Uint8Array(0)
  const length = frame.length ?? BigInt(payload.length)
  const lengthBytes = frame.lengthBytes ?? (length < 126n ? 1 : length < 65536n ? 3 : 9)
  const masked = frame.masked ?? role === 'server'
  const maskBit = masked ? 0x80 : 0

  const bytes = [frame.first]
  if (lengthBytes === 1) bytes.push(maskBit | Number(length))
  else bytes.push(maskBit | (lengthBytes === 3 ? 126 : 127))
  for (let at = lengthBytes - 2; at >= 0; at--)
    bytes.push(Number((length >> BigInt(8 * at)) & 0xffn))
  if (masked) bytes.push(...KEY)
  return concat(Uint8Array.from(bytes), masked ? maskedCopy(payload) : payload)
}

/** Returns bytes of the payload of such a frame, from its byte `at` on, as they are sent. */
export function payloadPart(role: Role, payload: Uint8Array, at: number): Uint8Array {
  return role === 'server' ? maskedCopy(payload, at) : payload
}

/** Whether a step of a case is a frame. */
export function isFrame(step: unknown): step is WireFrame {
  return typeof step === 'object' && step !== null && 'first' in step
}

function maskedCopy(payload: Uint8Array, start = 0): Uint8Array {
  const copy = new Uint8Array(payload.length)
  for (let at = 0; at < payload.length; at++) {
    copy[at] = (payload[at] ?? 0) ^ (KEY[(start + at) & 3] ?? 0)
  }
  return copy
}
