/**
 * The `outgoing` channel as the handler sees it.
 */

import type { SendOptions, TrySendResult } from '../../channels/index.ts'
import { writableOf } from '../../channels/internal.ts'
import { CloseReason } from '../../protocol/index.ts'
import type { Connection } from './connection.ts'
import { INTERNAL_ERROR } from '../failure-reason.ts'
import type { Outbound, OutgoingChannel } from '../session.ts'

/** A view of the writer as a send channel; closing it closes the session. */
export class Outgoing implements OutgoingChannel {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get isClosedForSend(): boolean {
    return this.#connection.writer.isClosed
  }

  send(data: Outbound, options?: SendOptions): Promise<void> {
    return this.#connection.send(data, options)
  }

  trySend(data: Outbound): TrySendResult {
    return this.#connection.trySend(data)
  }

  whenWritable(options?: SendOptions): Promise<void> {
    return this.#connection.writer.whenWritable(options?.signal)
  }

  close(cause?: Error): boolean {
    if (this.isClosedForSend) return false
    if (cause === undefined) void this.#connection.close(new CloseReason(CloseReason.Codes.NORMAL))
    else this.#connection.closeBecause(INTERNAL_ERROR, cause)
    return true
  }

  writable(): WritableStream<Outbound> {
    return writableOf(this)
  }
}
