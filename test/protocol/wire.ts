/**
 * Frames put together by hand, byte by byte and independently of the encoder, and what a decoder
 * tells of them.
 */

import type { FrameDecoderOptions, Role } from '../../src/protocol/frames/decoder-options.ts'
import { FrameDecoder } from '../../src/protocol/frames/frame-decoder.ts'
import type { FrameSink } from '../../src/protocol/frames/frame-sink.ts'
import { toHex } from '../support/bytes.ts'

export { concat, utf8 } from '../../src/cli/check/wire/frame-bytes.ts'
export { wire, type WireFrame } from '../../src/cli/check/wire/wire-frame.ts'

export const ROLES: readonly Role[] = ['server', 'client']

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
