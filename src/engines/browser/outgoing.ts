/**
 * What a page sends: the forms that it comes in, and the `outgoing` channel as the page sees it.
 */

import { kindOf } from '../../base/internal.ts'
import type { SendChannel, SendOptions, TrySendResult } from '../../channels/index.ts'
import { writableOf } from '../../channels/internal.ts'
import {
  BinaryFrame,
  CloseFrame,
  type CloseReason,
  encodeUtf8,
  isBytes,
  LocalProtocolError,
  TextFrame,
} from '../../protocol/portable.ts'
import type { Outbound } from '../../session/index.ts'
import type { Message } from './wire.ts'

/** What the channel asks of its session. */
export interface OutgoingOwner {
  readonly close: (reason?: CloseReason) => Promise<void>
  closeBecause(cause: Error): void
}

/** The queue of a session as a send channel; closing it closes the session. */
export class Outgoing implements SendChannel<Outbound> {
  readonly #queue: SendChannel<Outbound>
  readonly #owner: OutgoingOwner

  constructor(queue: SendChannel<Outbound>, owner: OutgoingOwner) {
    this.#queue = queue
    this.#owner = owner
  }

  get isClosedForSend(): boolean {
    return this.#queue.isClosedForSend
  }

  async send(data: Outbound, options?: SendOptions): Promise<void> {
    await (data instanceof CloseFrame ? this.#close(data) : this.#queue.send(data, options))
  }

  trySend(data: Outbound): TrySendResult {
    if (!(data instanceof CloseFrame)) return this.#queue.trySend(data)
    if (this.isClosedForSend) return 'closed'
    void this.#close(data)
    return 'sent'
  }

  close(cause?: Error | null): boolean {
    if (this.isClosedForSend) return false
    if (cause) this.#owner.closeBecause(cause)
    else void this.#owner.close()
    return true
  }

  writable(): WritableStream<Outbound> {
    return writableOf(this)
  }

  #close(frame: CloseFrame): Promise<void> {
    return this.#owner.close(frame.readReason() ?? undefined)
  }
}

/**
 * The message that `data` is.
 *
 * @throws {LocalProtocolError} for a fragment, and for text given as bytes that are not UTF-8.
 * @throws {TypeError} for what a page cannot send.
 */
export function messageOf(data: Outbound): Message {
  if (typeof data === 'string' || isBytes(data)) return data
  if (data instanceof TextFrame) return data.readText()
  if (!(data instanceof BinaryFrame)) {
    throw new TypeError(
      `Cannot send ${kindOf(data)}, expected a Frame.Text, a Frame.Binary, a Frame.Close, a string or a Uint8Array`,
    )
  }
  if (data.fin) return data.buffer
  throw new LocalProtocolError('Cannot send a fragment: a browser sends whole messages')
}

/** The same in memory of its own: what was given may change as soon as its `send` has resolved. */
export function ownMessageOf(data: Outbound): Message {
  const message = messageOf(data)
  return typeof message === 'string' ? message : message.slice()
}

/** The size of a message in bytes, as it travels. */
export function messageSize(message: Message): number {
  return typeof message === 'string' ? encodeUtf8(message).length : message.length
}
