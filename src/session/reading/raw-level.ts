/**
 * The raw level: every frame and fragment is shown to the handler, and nothing is answered.
 */

import {
  type CloseReason,
  Frame,
  type FrameSink,
  type ProtocolViolation,
} from '../../protocol/internal.ts'
import type { LevelHost } from '../level-host.ts'
import type { SessionLevel } from '../session-level.ts'
import { failureReason } from '../failure-reason.ts'

/** Shows frames as they came. */
export class RawLevel implements SessionLevel, FrameSink {
  readonly gathersMessages: boolean = false
  readonly heldBytes: number = 0
  #connection: LevelHost | null = null

  get sink(): FrameSink {
    return this
  }

  /** Says whose frames these are; called once, before anything arrives. */
  attach(connection: LevelHost): void {
    this.#connection = connection
  }

  text(payload: Uint8Array, fin: boolean): void {
    this.#connection?.deliver(new Frame.Text(payload, { fin }), payload.length)
  }

  binary(payload: Uint8Array, fin: boolean): void {
    this.#connection?.deliver(new Frame.Binary(payload, { fin }), payload.length)
  }

  ping(payload: Uint8Array): void {
    if (this.#connection?.admitsControlFrame() !== true) return
    this.#connection.incoming.deliver(new Frame.Ping(payload), payload.length)
  }

  pong(payload: Uint8Array): void {
    if (this.#connection?.admitsControlFrame() !== true) return
    this.#connection.incoming.deliver(new Frame.Pong(payload), payload.length)
  }

  close(reason: CloseReason | null): void {
    const frame = reason === null ? new Frame.Close() : new Frame.Close(reason)
    this.#connection?.incoming.deliverLast(frame, frame.buffer.length)
    this.#connection?.peerClosed(reason, false)
  }

  violation(error: ProtocolViolation): void {
    const connection = this.#connection
    connection?.readingOver(() => connection.fail(failureReason(error), error))
  }

  start(): void {}

  heard(): void {}

  readingPaused(): void {}

  ending(): void {}

  discard(): void {}
}
