/**
 * The `outgoing` channel as the handler sees it.
 */

import type { SendOptions, TrySendResult } from '../../channels/index.ts'
import { writableOf } from '../../channels/internal.ts'
import { CloseReason } from '../../protocol/index.ts'
import type { SessionCore } from './session-core.ts'
import { INTERNAL_ERROR } from '../failure-reason.ts'
import type { Outbound, OutgoingChannel } from '../session.ts'

/** A view of the writer as a send channel; closing it closes the session. */
export class Outgoing implements OutgoingChannel {
  readonly #core: SessionCore

  constructor(core: SessionCore) {
    this.#core = core
  }

  get isClosedForSend(): boolean {
    return this.#core.writer.isClosed
  }

  send(data: Outbound, options?: SendOptions): Promise<void> {
    return this.#core.send(data, options)
  }

  trySend(data: Outbound): TrySendResult {
    return this.#core.trySend(data)
  }

  whenWritable(options?: SendOptions): Promise<void> {
    return this.#core.writer.whenWritable(options?.signal)
  }

  close(cause?: Error): boolean {
    if (this.isClosedForSend) return false
    if (cause === undefined) void this.#core.close(new CloseReason(CloseReason.Codes.NORMAL))
    else this.#core.closeBecause(INTERNAL_ERROR, cause)
    return true
  }

  writable(): WritableStream<Outbound> {
    return writableOf(this)
  }
}
