/**
 * Passes received messages through the extensions to the handler, in order.
 *
 * An extension may take time. Reading is held back meanwhile, so that all frames behind the message
 * stay behind it, including control frames and Close frames.
 */

import { MessageFrame, transform } from '../../extensions/internal.ts'
import {
  Frame,
  HEARTBEAT_MARK,
  isUtf8,
  ProtocolViolationError,
  receivedText,
  sharesMemory,
} from '../../protocol/internal.ts'
import type { SessionExtensions } from '../session-extensions.ts'

/** The read half, as the extensions see it. */
export interface TransformedCalls<Reader> {
  /** Puts a message into the channel. `size` is the size of its payload in bytes. */
  readonly deliver: (reader: Reader, frame: Frame, size: number) => void
  /** Whether a text message belongs to a heartbeat and was handled there. */
  readonly takesHeartbeat: (reader: Reader, message: Uint8Array) => boolean
  /** An extension begins to work on a message, or is done: reading is held back meanwhile. */
  readonly work: (reader: Reader, isWorking: boolean) => void
}

/** Passes the received messages of one session through its extensions. */
export class IncomingExtensions<Reader> {
  /** The memory of the message that an extension is working on, in bytes. */
  heldBytes = 0
  /** Whether the peer sends heartbeats, which are answered even if the handler reads no more. */
  #beats = false
  /** Whether a heartbeat of this side waits for answers, which may arrive compressed. */
  hasHeartbeat = false
  /** Whether the handler reads no more. */
  isUnread = false
  readonly #extensions: SessionExtensions
  readonly #reader: Reader
  readonly #calls: TransformedCalls<Reader>

  /** @param calls one object for all sessions: an idle session keeps no functions of its own. */
  constructor(extensions: SessionExtensions, reader: Reader, calls: TransformedCalls<Reader>) {
    this.#extensions = extensions
    this.#reader = reader
    this.#calls = calls
  }

  /** A message has arrived, with the reserved bits of its first frame. */
  receive(type: 'text' | 'binary', payload: Uint8Array, reservedBits: number): void {
    // Once the handler reads no more, messages are inflated only to find heartbeats.
    if (this.#extensions.isIncomingOver) return
    if (this.isUnread && !this.#beats && !this.hasHeartbeat) return
    const message = new MessageFrame(type, true, true, payload, reservedBits)
    let pending: Promise<void> | null
    try {
      pending = transform(this.#extensions.incoming, 'incoming', message)
    } catch (error) {
      this.#extensions.failIncoming(error)
      return
    }
    if (pending === null) this.deliver(message, reservedBits)
    else this.await(pending, message, reservedBits)
  }

  private await(pending: Promise<void>, message: MessageFrame, reservedBits: number): void {
    this.heldBytes = memoryOf(message.payload)
    this.#calls.work(this.#reader, true)
    pending.then(
      () => {
        this.heldBytes = 0
        if (this.#extensions.isIncomingOver) return
        this.deliver(message, reservedBits)
        this.#calls.work(this.#reader, false)
      },
      (error: unknown) => {
        this.heldBytes = 0
        this.#extensions.failIncoming(error)
        this.#calls.work(this.#reader, false)
      },
    )
  }

  private deliver(message: MessageFrame, reservedBits: number): void {
    const { type, payload } = message
    if (type === 'binary') {
      this.#calls.deliver(this.#reader, new Frame.Binary(payload), payload.length)
      return
    }
    if (payload[0] === HEARTBEAT_MARK && this.#calls.takesHeartbeat(this.#reader, payload)) {
      this.#beats = true
      return
    }
    // The decoder has checked text without reserved bits (RFC 6455 §8.1, RFC 7692 §6.2).
    const isUnchecked = reservedBits !== 0 || message.isChanged
    if (isUnchecked && !isUtf8(payload)) {
      this.#extensions.failIncoming(
        new ProtocolViolationError(
          1007,
          'Cannot accept text: it is not UTF-8 once it is decompressed',
        ),
      )
      return
    }
    this.#calls.deliver(this.#reader, receivedText(payload), payload.length)
  }
}

/** Returns the memory that `payload` keeps alive. It cannot be copied: an extension may read it. */
function memoryOf(payload: Uint8Array): number {
  return sharesMemory(payload) ? payload.buffer.byteLength : payload.length
}
