/**
 * Pings, pongs and answers to heartbeats that could not be written at once. They overtake the
 * queue. Of each kind only the newest waits: older pings need no answer of their own (RFC 6455
 * §5.5.3).
 */

import { FrameType, ownBytes } from '../../protocol/internal.ts'
import type { Stretch } from './stretch.ts'

/** The write half, as the control frames see it. */
export interface ControlWriter {
  /** The stretch for a frame with `payload`; `null` if the transport has to drain first. */
  room(payload: string | Uint8Array): Stretch | null
}

/** The control frames of one session that wait for the transport. Made when one first waits. */
export class WaitingControl {
  readonly #writer: ControlWriter
  #ping: Uint8Array | null = null
  #pong: Uint8Array | null = null
  #beat: Uint8Array | null = null

  constructor(writer: ControlWriter) {
    this.#writer = writer
  }

  ping(payload: Uint8Array): void {
    this.#ping = payload
  }

  /** Keeps a copy, because the payload shares its memory with others. */
  pong(payload: Uint8Array): void {
    this.#pong = ownBytes(payload)
  }

  /** Keeps a text message, which must come between two other messages. */
  beat(answer: Uint8Array): void {
    this.#beat = answer
  }

  /** Writes what waits, as far as there is room. */
  write(): void {
    if (this.#writeOne(FrameType.PONG, this.#pong)) this.#pong = null
    if (this.#writeOne(FrameType.PING, this.#ping)) this.#ping = null
  }

  /** Writes the answer to a heartbeat that waits; only between two messages. */
  writeBeat(): void {
    if (this.#writeOne(FrameType.TEXT, this.#beat)) this.#beat = null
  }

  #writeOne(type: FrameType, payload: Uint8Array | null): boolean {
    const stretch = payload === null ? null : this.#writer.room(payload)
    if (payload === null || stretch === null) return false
    stretch.write(type, true, 0, payload)
    return true
  }
}
