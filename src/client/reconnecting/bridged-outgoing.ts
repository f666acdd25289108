/**
 * The `outgoing` of a connection that comes back: frames go to the session that there is, or wait for one, within
 * bounds, or are refused.
 *
 * A frame that a session has been given is never given to another: it may have arrived. A frame that a session has
 * refused, because it was ending, has not been sent, and counts as one that came while there was none.
 */

import { handled, type LoopShare, rejected } from '../../base/internal.ts'
import {
  ChannelOverflowError,
  ClosedSendChannelError,
  type SendChannel,
  type SendOptions,
  type TrySendResult,
} from '../../channels/index.ts'
import { writableOf } from '../../channels/internal.ts'
import {
  BinaryFrame,
  CloseFrame,
  type CloseReason,
  encodeUtf8,
  isBytes,
  LocalProtocolError,
  PreparedFrame,
  TextFrame,
} from '../../protocol/portable.ts'
import type { Outbound } from '../../session/index.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { NotConnectedError } from './reconnect-errors.ts'
import type { KeepOptions, ReconnectingSettings } from './reconnect-options.ts'
import { untilAborted } from './until-aborted.ts'

/** What the connection does for its outgoing side. */
export interface BridgeOwner {
  /** The connection is to end politely, with a Close frame of `reason`; `null`: of 1000. */
  end(reason: CloseReason | null): void
}

/** A frame that is kept: a text, or bytes that are ours. */
type Kept = string | Uint8Array | PreparedFrame

const SENT: Promise<void> = Promise.resolve()

/** Sends, in the order of the calls. */
export class BridgedOutgoing implements SendChannel<Outbound> {
  /** Frames that were kept and that no session would take. */
  #lost = 0
  #kept: Kept[] = []
  #keptBytes = 0
  #session: ClientSession | null = null
  /** What frames have to wait for before it is their turn, while there is a session. */
  #turn: Promise<unknown> | null = null
  #end: { readonly cause: Error | null } | null = null
  readonly #whileAway: ReconnectingSettings['whileAway']
  readonly #owner: BridgeOwner
  readonly #share: LoopShare

  constructor(whileAway: ReconnectingSettings['whileAway'], owner: BridgeOwner, share: LoopShare) {
    this.#whileAway = whileAway
    this.#share = share
    this.#owner = owner
  }

  /** Frames that were accepted, and that no session has been given. */
  get unsent(): number {
    return this.#lost + this.#kept.length
  }

  get isClosedForSend(): boolean {
    return this.#end !== null
  }

  /** A session is open: what was kept goes to it, and then everything that is sent. */
  begin(session: ClientSession): void {
    this.#session = session
    if (this.#turn === null) {
      const handed = this.#hand(session)
      if (this.#kept.length > 0) this.#queue(handed)
    } else {
      this.#queue(this.#turn.then(() => this.#hand(session)))
    }
  }

  /** There is no session any more. */
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
      if (this.#turn === null) return this.#give(data, options)
    } catch (error) {
      return rejected(error)
    }
    const turn = signal === undefined ? this.#turn : untilAborted(signal, this.#turn)
    const sent = turn.then(() => this.#give(data, options))
    this.#queue(Promise.allSettled([this.#turn, sent]))
    return handled(sent)
  }

  trySend(data: Outbound): TrySendResult {
    if (this.#end !== null) return 'closed'
    if (this.#isEnd(data)) return 'sent'
    if (this.#turn !== null) return 'full'
    const outcome = this.#session?.outgoing.trySend(data) ?? 'closed'
    if (outcome !== 'closed') return outcome
    if (this.#whileAway === 'drop') return 'sent'
    return this.#whileAway !== 'reject' && this.#keep(data, this.#whileAway.keep) ? 'sent' : 'full'
  }

  close(cause: Error | null = null): boolean {
    if (this.#end !== null) return false
    // Says why, where a session says so too; then there is only this connection to end.
    if (cause !== null) this.#session?.outgoing.close(cause)
    this.#owner.end(null)
    return true
  }

  writable(): WritableStream<Outbound> {
    return writableOf(this)
  }

  /** Frames that come now wait until `turn` has settled, which never rejects. */
  #queue(turn: Promise<unknown>): void {
    const mine = turn.then(() => {
      if (this.#turn === mine) this.#turn = null
    })
    this.#turn = mine
  }

  /** Whether `data` ends the connection. @throws for what no session could send whole. */
  #isEnd(data: Outbound): boolean {
    if (typeof data === 'string' || isBytes(data) || data instanceof PreparedFrame) return false
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

  #give(data: Outbound, options: SendOptions | undefined): Promise<void> {
    const outgoing = this.#session?.outgoing
    const outcome = this.#end === null ? outgoing?.trySend(data) : 'closed'
    if (outcome === 'sent') return SENT
    if (outcome !== 'full' || outgoing === undefined) return this.#giveAway(data)
    const sent = outgoing.send(data, options).catch((error: unknown) => {
      // Its session has refused it, because it was ending.
      if (error instanceof ClosedSendChannelError) return this.#giveAway(data)
      throw error
    })
    return handled(sent)
  }

  /** There is no session for `data`. A loop that sends on must let the event loop turn all the same. */
  #giveAway(data: Outbound): Promise<void> {
    this.#share.spend(0)
    if (this.#end !== null) {
      const { cause } = this.#end
      return this.#refuse(new ClosedSendChannelError(data, cause === null ? {} : { cause }))
    }
    if (this.#whileAway === 'drop') return this.#share.accepted(this, SENT)
    if (this.#whileAway === 'reject') return this.#refuse(new NotConnectedError(data))
    const { keep } = this.#whileAway
    try {
      if (this.#keep(data, keep)) return this.#share.accepted(this, SENT)
    } catch (error) {
      return rejected(error)
    }
    return this.#refuse(new ChannelOverflowError(keep.frames, data))
  }

  /** With what only says that there is no session: no process ends of it. */
  #refuse(error: Error): Promise<never> {
    return handled(this.#share.refused(this, error))
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

  /** What was kept goes to `session`, in order, as far as it takes it. Never rejects. */
  async #hand(session: ClientSession): Promise<void> {
    const { outgoing } = session
    for (let next = this.#kept[0]; next !== undefined; next = this.#kept[0]) {
      try {
        const outcome = outgoing.trySend(next)
        if (outcome === 'closed') return
        if (outcome === 'full') await outgoing.send(next)
      } catch {
        // Refused because the session is ending: it is for the next one. Else no session would take it.
        if (outgoing.isClosedForSend) return
        this.#lost++
      }
      this.#kept.shift()
      this.#keptBytes -= sizeOf(next)
    }
  }
}

/** Memory of our own: what was accepted may be changed by whoever sent it. */
function toKept(data: Outbound): Kept {
  if (typeof data === 'string' || data instanceof PreparedFrame) return data
  if (isBytes(data)) return new Uint8Array(data)
  return data instanceof TextFrame ? data.readText() : new Uint8Array(data.buffer)
}

function sizeOf(kept: Kept): number {
  if (kept instanceof PreparedFrame) return kept.byteLength
  return typeof kept === 'string' ? encodeUtf8(kept).length : kept.length
}
