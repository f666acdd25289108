/**
 * The `outgoing` channel of a session, and its `send`.
 */

import type { SendOptions, TrySendResult } from '../../channels/index.ts'
import { writableOf } from '../../channels/internal.ts'
import { Frame } from '../../protocol/index.ts'
import { INTERNAL_ERROR, NORMAL } from '../failure-reason.ts'
import type { Outbound, OutgoingChannel } from '../session.ts'
import type { SessionCore } from './session-core.ts'

/** Returns `send` of a session. */
export function sendOf(core: SessionCore): OutgoingChannel['send'] {
  // Bound to the write half: a message touches no other object of the session.
  const { write } = core
  return (data, options) => write.send(data, options)
}

/** The write half as a send channel. Closing the channel closes the session. */
export class Outgoing implements OutgoingChannel {
  readonly #core: SessionCore

  constructor(core: SessionCore) {
    this.#core = core
  }

  get isClosedForSend(): boolean {
    return !this.#core.write.isOpen
  }

  send(data: Outbound, options?: SendOptions): Promise<void> {
    return this.#core.write.send(data, options)
  }

  trySend(data: Outbound): TrySendResult {
    const { write } = this.#core
    if (!(data instanceof Frame.Close)) return write.trySend(data)
    if (!write.isOpen) return 'closed'
    void this.#core.close(data.readReason() ?? NORMAL)
    return 'sent'
  }

  whenWritable(options?: SendOptions): Promise<void> {
    return this.#core.write.whenWritable(options?.signal)
  }

  close(cause?: Error): boolean {
    if (this.isClosedForSend) return false
    if (cause === undefined) void this.#core.close(NORMAL)
    else void this.#core.close(INTERNAL_ERROR, cause)
    return true
  }

  writable(): WritableStream<Outbound> {
    return writableOf(this)
  }
}
