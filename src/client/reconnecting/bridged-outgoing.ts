/**
 * The `outgoing` of a reconnecting connection. Frames go to the current session. Without a session
 * they are kept within limits, refused or dropped.
 *
 * A frame that a session has accepted is never given to another session, because it may have
 * arrived. A frame that an ending session refuses has not been sent, and is handled as if there
 * were no session.
 */

import { handled, type LoopTurns, rejected, untilAborted } from '../../base/internal.ts'
import {
  ChannelOverflowError,
  ClosedSendChannelError,
  type SendChannel,
  type SendOptions,
  type TrySendResult,
} from '../../channels/index.ts'
import { writableOf, SENT } from '../../channels/internal.ts'
import {
  BinaryFrame,
  CloseFrame,
  type CloseReason,
  encodeUtf8,
  isBytes,
  LocalProtocolError,
  TextFrame,
} from '../../protocol/portable.ts'
import type { PreparedFrame } from '../../protocol/index.ts'
import type { Outbound } from '../../session/index.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { NotConnectedError } from './reconnect-errors.ts'
import type { KeepOptions, ReconnectingSettings } from './reconnect-options.ts'

/** Ends the connection with Close `reason`; `null`: 1000. */
type EndConnection = (reason: CloseReason | null) => void

/** A kept frame: text, or bytes that only this file references. */
type Kept = string | Uint8Array | PreparedFrame

/** Sends frames in the order of the calls. */
export class BridgedOutgoing implements SendChannel<Outbound> {
  /** Kept frames that no session can send, because they are invalid. */
  #lost = 0
  /** Kept frames that are waiting in the `send` of a session. */
  #inSend = 0
  readonly #kept: Kept[] = []
  #keptBytes = 0
  #session: ClientSession | null = null
  /** Whether kept frames are being sent, which may take some time. */
  #isSendingKept = false
  /** Calls of `send` that wait for the kept frames, in order. */
  readonly #waiting: (() => void)[] = []
  #end: { readonly cause: Error | null } | null = null
  readonly #whileAway: ReconnectingSettings['whileAway']
  readonly #endConnection: EndConnection
  readonly #loop: LoopTurns

  constructor(
    whileAway: ReconnectingSettings['whileAway'],
    endConnection: EndConnection,
    loop: LoopTurns,
  ) {
    this.#whileAway = whileAway
    this.#loop = loop
    this.#endConnection = endConnection
  }

  /** Number of accepted frames that were given to no session. */
  get unsent(): number {
    return this.#lost + this.#kept.length + this.#inSend
  }

  get isClosedForSend(): boolean {
    return this.#end !== null
  }

  /** Sets the current session. Kept frames are sent to it before any other. */
  sessionOpened(session: ClientSession): void {
    this.#session = session
    if (!this.#isSendingKept) void this.#sendKept()
  }

  /** Gives the session all kept frames and waiting sends, before its Close frame. */
  flush(): void {
    const outgoing = this.#session?.outgoing
    if (outgoing === undefined || outgoing.isClosedForSend) return
    for (const next of this.#kept.splice(0)) {
      this.#keptBytes -= sizeOf(next)
      this.#inSend++
      const sent = outgoing.send(next).catch(() => this.#lost++)
      void sent.then(() => this.#inSend--)
    }
    this.#sendWaiting()
  }

  /** Removes the session, which has ended. */
  sessionEnded(): void {
    this.#session = null
  }

  /** Refuses all further frames. */
  end(cause: Error | null): void {
    this.#end ??= { cause }
  }

  /** See `ReconnectingWebSocket.send`. */
  send(data: Outbound, options?: SendOptions): Promise<void> {
    const signal = options?.signal
    if (signal?.aborted === true) return handled(rejected(signal.reason))
    try {
      if (this.#endsConnection(data)) return SENT
      if (!this.#isSendingKept) return this.#sendNow(data, options)
    } catch (error) {
      return rejected(error)
    }
    const sent = new Promise<void>((resolve) => {
      this.#waiting.push(() => {
        if (signal?.aborted !== true) resolve(this.#sendInTurn(data, options))
      })
    })
    return handled(signal === undefined ? sent : untilAborted(signal, sent))
  }

  trySend(data: Outbound): TrySendResult {
    if (this.#end !== null) return 'closed'
    if (this.#endsConnection(data)) return 'sent'
    if (this.#isSendingKept) return 'full'
    const outcome = this.#session?.outgoing.trySend(data) ?? 'closed'
    if (outcome !== 'closed') return outcome
    if (this.#whileAway === 'drop') return 'sent'
    return this.#whileAway !== 'reject' && this.#keep(data, this.#whileAway.keep) ? 'sent' : 'full'
  }

  close(cause: Error | null = null): boolean {
    if (this.#end !== null) return false
    // With a cause, the session closes and reports it.
    if (cause !== null) this.#session?.outgoing.close(cause)
    this.#endConnection(null)
    return true
  }

  writable(): WritableStream<Outbound> {
    return writableOf(this)
  }

  #sendWaiting(): void {
    for (const take of this.#waiting.splice(0)) take()
  }

  /** Whether `data` ends the connection. @throws for data that no session could send whole. */
  #endsConnection(data: Outbound): boolean {
    if (typeof data === 'string' || isBytes(data) || isPrepared(data)) return false
    if (data instanceof CloseFrame) {
      this.#endConnection(data.readReason())
      return true
    }
    if (!(data instanceof TextFrame || data instanceof BinaryFrame)) {
      throw new TypeError(
        'Cannot send: the data is not a message, expected a Frame.Text, a Frame.Binary, a string or a Uint8Array',
      )
    }
    if (data.fin) return false
    throw new LocalProtocolError(
      'Cannot send a fragment over a reconnecting connection: expected a whole message',
    )
  }

  async #sendInTurn(data: Outbound, options: SendOptions | undefined): Promise<void> {
    return this.#sendNow(data, options)
  }

  #sendNow(data: Outbound, options: SendOptions | undefined): Promise<void> {
    const outgoing = this.#session?.outgoing
    const outcome = this.#end === null ? outgoing?.trySend(data) : 'closed'
    if (outcome === 'sent') return SENT
    if (outcome !== 'full' || outgoing === undefined) return this.#sendWithoutSession(data)
    const sent = outgoing.send(data, options).catch((error: unknown) => {
      // The session was ending and refused the frame.
      if (error instanceof ClosedSendChannelError) return this.#sendWithoutSession(data)
      throw error
    })
    return handled(sent)
  }

  /** Handles `data` without a session. Such sends must yield too, or a loop of them would block. */
  #sendWithoutSession(data: Outbound): Promise<void> {
    this.#loop.spend(0)
    if (this.#end !== null) {
      const { cause } = this.#end
      return this.#refuse(new ClosedSendChannelError(data, cause === null ? {} : { cause }))
    }
    if (this.#whileAway === 'drop') return this.#loop.accepted(this, SENT)
    if (this.#whileAway === 'reject') return this.#refuse(new NotConnectedError(data))
    const { keep } = this.#whileAway
    try {
      if (this.#keep(data, keep)) return this.#loop.accepted(this, SENT)
    } catch (error) {
      return rejected(error)
    }
    return this.#refuse(new ChannelOverflowError(keep.frames, data))
  }

  /** Returns a rejection that needs no handler: it only says that there is no session. */
  #refuse(error: Error): Promise<never> {
    return handled(this.#loop.refused(this, error))
  }

  /** @returns `false` if there is no room. @throws {LocalProtocolError} for invalid UTF-8. */
  #keep(data: Outbound, { frames, bytes }: Required<KeepOptions>): boolean {
    if (this.#kept.length >= frames) return false
    const kept = toKept(data)
    const size = sizeOf(kept)
    if (this.#kept.length > 0 && this.#keptBytes + size > bytes) return false
    this.#kept.push(kept)
    this.#keptBytes += size
    return true
  }

  /** Sends kept frames to the current session, in order. Never rejects. */
  async #sendKept(): Promise<void> {
    this.#isSendingKept = true
    for (;;) {
      const outgoing = this.#session?.outgoing
      if (outgoing === undefined || outgoing.isClosedForSend) break
      const next = this.#kept.shift()
      if (next === undefined) break
      const size = sizeOf(next)
      this.#keptBytes -= size
      this.#inSend++
      try {
        if (outgoing.trySend(next) !== 'sent') await outgoing.send(next)
      } catch {
        // If the session is ending, the next one gets the frame. Otherwise the frame is invalid.
        if (outgoing.isClosedForSend) {
          this.#kept.unshift(next)
          this.#keptBytes += size
        } else {
          this.#lost++
        }
      }
      this.#inSend--
    }
    this.#isSendingKept = false
    this.#sendWaiting()
  }
}

/** Returns a copy: the caller may change its bytes after `send`. */
function toKept(data: Outbound): Kept {
  if (typeof data === 'string' || isPrepared(data)) return data
  if (isBytes(data)) return new Uint8Array(data)
  return data instanceof TextFrame ? data.readText() : new Uint8Array(data.buffer)
}

function sizeOf(kept: Kept): number {
  return typeof kept === 'string' ? encodeUtf8(kept).length : kept.byteLength
}

/** Checks members, not the class, so that pages need not load the class of prepared frames. */
function isPrepared(data: Exclude<Outbound, string>): data is PreparedFrame {
  return data instanceof Object && 'byteLength' in data && 'frameType' in data
}
