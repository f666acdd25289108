/**
 * Frames put together by hand, byte by byte and independently of the encoder, and what a decoder
 * tells of them.
 */

import type { FrameDecoderOptions, Role } from '../../src/protocol/frames/decoder-options.ts'
import { FrameDecoder } from '../../src/protocol/frames/frame-decoder.ts'
import type { FrameSink } from '../../src/protocol/frames/frame-sink.ts'
import { toHex } from '../support/bytes.ts'

export const ROLES: readonly Role[] = ['server', 'client']

/** UTF-8 of `text`, made by the platform. */
export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'))
}

export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

export interface WireFrame {
  /** Fin, reserved bits and opcode. */
  readonly first: number
  readonly payload?: Uint8Array
  /** The length that is announced; that of the payload by default. */
  readonly length?: bigint
  /** How many bytes it takes: 1, 3 or 9; the shortest form by default. */
  readonly lengthBytes?: 1 | 3 | 9
  /** Whether there is a mask; a frame for a server has one, and a frame for a client has none. */
  readonly masked?: boolean
}

const KEY: readonly number[] = [0x37, 0xfa, 0x21, 0x3d]

/** The bytes of a frame that arrives at somebody in `role`. */
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
  const body = masked ? payload.map((byte, at) => byte ^ (KEY[at % 4] ?? 0)) : payload
  return concat(Uint8Array.from(bytes), body)
}

/**
 * Writes down each event in a line, such as `text fin 68 69`, and checks that payloads stay as they
 * are.
 */
export class Recorder implements FrameSink {
  readonly events: string[] = []
  readonly payloads: Uint8Array[] = []
  readonly errors: Error[] = []
  /** Called after each event. */
  onEvent: () => void = () => {}

  text(payload: Uint8Array, fin: boolean, reservedBits: number): void {
    this.#data('text', payload, fin, reservedBits)
  }

  binary(payload: Uint8Array, fin: boolean, reservedBits: number): void {
    this.#data('binary', payload, fin, reservedBits)
  }

  ping(payload: Uint8Array): void {
    this.#add(`ping ${toHex(payload)}`, payload)
  }

  pong(payload: Uint8Array): void {
    this.#add(`pong ${toHex(payload)}`, payload)
  }

  close(reason: { readonly code: number; readonly message: string } | null): void {
    this.#add(reason === null ? 'close' : `close ${reason.code} "${reason.message}"`)
  }

  violation(error: Error & { readonly closeCode: number }): void {
    this.errors.push(error)
    this.#add(`violation ${error.closeCode} ${error.name}`)
  }

  #data(type: string, payload: Uint8Array, fin: boolean, reservedBits: number): void {
    const bits = reservedBits === 0 ? '' : ` rsv ${reservedBits}`
    this.#add(`${type} ${fin ? 'fin' : 'part'}${bits} ${toHex(payload)}`, payload)
  }

  #add(event: string, payload?: Uint8Array): void {
    this.events.push(event.trimEnd())
    if (payload !== undefined) this.payloads.push(payload)
    this.onEvent()
  }
}

/** A decoder and what it has told. */
export function recorded(
  role: Role,
  options?: Partial<FrameDecoderOptions>,
): { readonly decoder: FrameDecoder; readonly recorder: Recorder } {
  const recorder = new Recorder()
  return { decoder: new FrameDecoder(recorder, { role, ...options }), recorder }
}

/** The events of bytes that arrive in one chunk. */
export function decode(
  role: Role,
  bytes: Uint8Array,
  options?: Partial<FrameDecoderOptions>,
): string[] {
  const { decoder, recorder } = recorded(role, options)
  decoder.receive(bytes)
  return recorder.events
}

/** The events of bytes that arrive one by one, each in memory that is used for the next one too. */
export function decodeBytewise(
  role: Role,
  bytes: Uint8Array,
  options?: Partial<FrameDecoderOptions>,
): string[] {
  const { decoder, recorder } = recorded(role, options)
  const lent = new Uint8Array(1)
  for (const byte of bytes) {
    lent[0] = byte
    decoder.receive(lent)
  }
  return recorder.events
}
