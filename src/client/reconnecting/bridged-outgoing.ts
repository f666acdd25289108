/**
 * The `outgoing` of a reconnecting connection: frames go to the current session; without one they
 * are kept within bounds, refused or dropped.
 *
 * A frame that a session has accepted is never given to another session, because it may have
 * arrived. A frame that an ending session refuses has not been sent: it is treated as if there were
 * no session.
 */

import { handled, type LoopTurns, rejected } from '../../base/internal.ts'
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
import { untilAborted } from './until-aborted.ts'

/** What the outgoing side asks of its connection. */
export interface BridgeOwner {
  /** Ends the connection with a Close frame of `reason`; `null`: of 1000. */
  end(reason: CloseReason | null): void
}

/** A frame that is kept: a text, or bytes that nobody else changes. */
type Kept = string | Uint8Array | PreparedFrame

/** Sends in the order of the calls. */
export class BridgedOutgoing implements SendChannel<Outbound> {
  /** How many kept frames no session would take. */
  #lost = 0
  /** How many kept frames wait for room in a session. */
  #handed = 0
  readonly #kept: Kept[] = []
  #keptBytes = 0
  #session: ClientSession | null = null
  /** Whether kept frames are being given to a session, which may take a while. */
  #isHanding = false
  /** Sends that were called meanwhile, in order. */
  readonly #turns: (() => void)[] = []
  #end: { readonly cause: Error | null } | null = null
  readonly #whileAway: ReconnectingSettings['whileAway']
  readonly #owner: BridgeOwner
  readonly #loop: LoopTurns

  constructor(whileAway: ReconnectingSettings['whileAway'], owner: BridgeOwner, loop: LoopTurns) {
    this.#whileAway = whileAway
    this.#loop = loop
    this.#owner = owner
  }

  /** How many accepted frames no session was given. */
  get unsent(): number {
    return this.#lost + this.#kept.length + this.#handed
  }

  get isClosedForSend(): boolean {
    return this.#end !== null
  }

  /** A session is open: kept frames go to it first, then everything that is sent. */
  begin(session: ClientSession): void {
    this.#session = session
    if (!this.#isHanding) void this.#hand()
  }

  /** Gives the session everything that was sent so far, before its Close frame. */
  flush(): void {
    const outgoing = this.#session?.outgoing
    if (outgoing === undefined || outgoing.isClosedForSend) return
    for (const next of this.#kept.splice(0)) {
      this.#keptBytes -= sizeOf(next)
      this.#handed++
      const sent = outgoing.send(next).catch(() => this.#lost++)
      void sent.then(() => this.#handed--)
    }
    this.#takeTurns()
  }

  /** The session is over. */
  away(): void {
    this.#session = null
  }

  /** Nothing more is accepted. */
  end(cause: Error | null): void {
    this.#end ??= { cause }
  }

  /** See `ReconnectingWebSocket.send`. */
  send(data: Outbound, options?: SendOptions): Promise<void> {
    const signal = options?.signal
    if (signal?.aborted === true) return handled(rejected(signal.reason))
    try {
      if (this.#isEnd(data)) return SENT
      if (!this.#isHanding) return this.#give(data, options)
    } catch (error) {
      return rejected(error)
    }
    const sent = new Promise<void>((resolve) => {
      this.#turns.push(() => {
        if (signal?.aborted !== true) resolve(this.#giveInTurn(data, options))
      })
    })
    return handled(signal === undefined ? sent : untilAborted(signal, sent))
  }

  trySend(data: Outbound): TrySendResult {
    if (this.#end !== null) return 'closed'
    if (this.#isEnd(data)) return 'sent'
    if (this.#isHanding) return 'full'
    const outcome = this.#session?.outgoing.trySend(data) ?? 'closed'
    if (outcome !== 'closed') return outcome
    if (this.#whileAway === 'drop') return 'sent'
    return this.#whileAway !== 'reject' && this.#keep(data, this.#whileAway.keep) ? 'sent' : 'full'
  }

  close(cause: Error | null = null): boolean {
    if (this.#end !== null) return false
    // The session reports the cause; then only the connection has to be ended.
    if (cause !== null) this.#session?.outgoing.close(cause)
    this.#owner.end(null)
    return true
  }

  writable(): WritableStream<Outbound> {
    return writableOf(this)
  }

  #takeTurns(): void {
    for (const take of this.#turns.splice(0)) take()
  }

  /** Whether `data` ends the connection. @throws for what no session could send whole. */
  #isEnd(data: Outbound): boolean {
    if (typeof data === 'string' || isBytes(data) || isPrepared(data)) return false
    if (data instanceof CloseFrame) {
      this.#owner.end(data.readReason())
      return true
    }
    if (!(data instanceof TextFrame || data instanceof BinaryFrame)) {
      throw new TypeError(
        'Cannot send over a connection that comes back: it is no message, expected a Frame.Text, a Frame.Binary, a string or a Uint8Array',
      )
    }
    if (data.fin) return false
    throw new LocalProtocolError(
      'Cannot send a fragment over a connection that comes back: the rest may go to another session, expected a whole message',
    )
  }

  async #giveInTurn(data: Outbound, options: SendOptions | undefined): Promise<void> {
    return this.#give(data, options)
  }

  #give(data: Outbound, options: SendOptions | undefined): Promise<void> {
    const outgoing = this.#session?.outgoing
    const outcome = this.#end === null ? outgoing?.trySend(data) : 'closed'
    if (outcome === 'sent') return SENT
    if (outcome !== 'full' || outgoing === undefined) return this.#giveAway(data)
    const sent = outgoing.send(data, options).catch((error: unknown) => {
      // The session refused it, because it was ending.
      if (error instanceof ClosedSendChannelError) return this.#giveAway(data)
      throw error
    })
    return handled(sent)
  }

  /** There is no session for `data`. A loop of such sends must let the event loop turn, too. */
  #giveAway(data: Outbound): Promise<void> {
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

  /** Rejects, marked as handled: it only says that there is no session. */
  #refuse(error: Error): Promise<never> {
    return handled(this.#loop.refused(this, error))
  }

  /** @returns `false` if there is no room. @throws {LocalProtocolError} for text that is not UTF-8. */
  #keep(data: Outbound, { frames, bytes }: Required<KeepOptions>): boolean {
    if (this.#kept.length >= frames) return false
    const kept = toKept(data)
    const size = sizeOf(kept)
    if (this.#kept.length > 0 && this.#keptBytes + size > bytes) return false
    this.#kept.push(kept)
    this.#keptBytes += size
    return true
  }

  /** Gives kept frames to the session that there is, in order. Never rejects. */
  async #hand(): Promise<void> {
    this.#isHanding = true
    for (;;) {
      const outgoing = this.#session?.outgoing
      if (outgoing === undefined || outgoing.isClosedForSend) break
      const next = this.#kept.shift()
      if (next === undefined) break
      const size = sizeOf(next)
      this.#keptBytes -= size
      this.#handed++
      try {
        if (outgoing.trySend(next) !== 'sent') await outgoing.send(next)
      } catch {
        // A session that is ending refuses it, and the next one gets it. Else no session would take it.
        if (outgoing.isClosedForSend) {
          this.#kept.unshift(next)
          this.#keptBytes += size
        } else {
          this.#lost++
        }
      }
      this.#handed--
    }
    this.#isHanding = false
    this.#takeTurns()
  }
}

/** A copy: the caller may change what was accepted. */
function toKept(data: Outbound): Kept {
  if (typeof data === 'string' || isPrepared(data)) return data
  if (isBytes(data)) return new Uint8Array(data)
  return data instanceof TextFrame ? data.readText() : new Uint8Array(data.buffer)
}

function sizeOf(kept: Kept): number {
  return typeof kept === 'string' ? encodeUtf8(kept).length : kept.byteLength
}

/** By its members: a page has no prepared frames, and need not load their class. */
function isPrepared(data: Exclude<Outbound, string>): data is PreparedFrame {
  return data instanceof Object && 'byteLength' in data && 'frameType' in data
}
