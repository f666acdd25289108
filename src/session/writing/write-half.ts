/**
 * The half of a session that writes: everything is sent in order, through one place.
 *
 * While the transport takes bytes, `send` serialises the frame at once, into the stretch of this
 * turn. A frame that has to wait goes into the `Backlog`. Pings and pongs overtake the frames that
 * wait. The Close frame comes after everything that was accepted (`WriteEnding`).
 */

import { handled, type LoopShare, rejected } from '../../base/internal.ts'
import {
  ClosedSendChannelError,
  type SendOptions,
  type TrySendResult,
} from '../../channels/index.ts'
import { SENT } from '../../channels/internal.ts'
import {
  encodedSizeBound,
  Frame,
  type FragmentSequence,
  FrameType,
  MAX_CLOSE_FRAME_BYTES,
  type PayloadPart,
  PreparedFrame,
} from '../../protocol/internal.ts'
import { NORMAL } from '../failure-reason.ts'
import type { HalfOwner } from '../half-owner.ts'
import type { Outbound } from '../session.ts'
import type { Transport } from '../transport.ts'
import { Backlog, type BacklogWriter } from './backlog.ts'
import {
  isLastFragment,
  nextOpcode,
  outboundPayload,
  receivedPartOf,
  wholeText,
} from './message-order.ts'
import { OutgoingExtensions } from './outgoing-extensions.ts'
import type { SessionHome } from './session-home.ts'
import type { Stretch, StretchUser } from './stretch.ts'
import { type LastFrame, WriteEnding } from './write-ending.ts'

/** The parts of the writing of a session that most sessions never need, or only at their end. */
class WriteExtras {
  fragments: FragmentSequence | null = null
  /** Notes the time of each send; `null`: the session has no time limit. */
  activity: HalfOwner['activity'] = null
  /** Made when something has to wait. */
  backlog: Backlog | null = null
  /** Made when the end begins. */
  ending: WriteEnding | null = null
}

/** Writes for one session. */
export class WriteHalf implements BacklogWriter, StretchUser {
  /** Whether frames are accepted: see `maySendData`. Only the session core sets it. */
  isOpen = true
  masking: boolean
  readonly transport: Transport
  /** Bytes that have been given to the transport. */
  sentBytes = 0
  /** Whole messages that have been serialised, a fragmented one counted once. */
  sentMessages = 0
  readonly #owner: HalfOwner
  readonly #home: SessionHome
  /** Made for the first message, if the handshake agreed on extensions. */
  #extensions: OutgoingExtensions | null = null
  /** What has been serialised in this turn; `null`: nothing. */
  #stretch: Stretch | null = null
  /** Made when one of them is first needed. */
  #extras: WriteExtras | null = null

  constructor(owner: HalfOwner, home: SessionHome, transport: Transport) {
    this.masking = home.settings.masking
    this.transport = transport
    this.#owner = owner
    this.#home = home
    if (owner.activity !== null) this.made.activity = owner.activity
  }

  /** See `SentMessages`. */
  get fragments(): FragmentSequence | null {
    return this.#extras === null ? null : this.#extras.fragments
  }

  set fragments(fragments: FragmentSequence | null) {
    this.made.fragments = fragments
  }

  /** What waits, if anything has ever had to. */
  get backlog(): Backlog | null {
    return this.#extras === null ? null : this.#extras.backlog
  }

  /** Whether our Close frame has been given to the transport. */
  get isCloseWritten(): boolean {
    return this.ending?.isCloseWritten === true
  }

  /** Bytes accepted and not yet handed to the operating system. */
  get bufferedAmount(): number {
    const serialised = (this.#stretch?.size ?? 0) + this.transport.queuedBytes
    return serialised + (this.backlog?.bytes ?? 0) + (this.#extensions?.heldBytes ?? 0)
  }

  /** See `WebSocketSession.send`. A Close frame begins the closing handshake. */
  send(data: Outbound, options?: SendOptions): Promise<void> {
    if (data instanceof Frame.Close) return this.#owner.close(data.readReason() ?? NORMAL)
    this.#extras?.activity?.active()
    if (!this.isOpen) return this.refuse(this.closedError(data))
    try {
      if (this.writeNow(data)) return this.share.accepted(this, SENT)
      const backlog = this.waiting()
      // Measures `data`, which throws for data that may not be sent at all.
      const overflow = backlog.overflow(data)
      return overflow === null ? backlog.send(data, options) : this.refuse(overflow)
    } catch (error) {
      return rejected(error)
    }
  }

  /**
   * Sends `data` if that takes no waiting.
   *
   * @throws the error that `send` rejects with, for data that may not be sent at all.
   */
  trySend(data: Outbound): TrySendResult {
    this.#extras?.activity?.active()
    if (!this.isOpen) return 'closed'
    // Under other policies the queue takes the frame: `full` would be wrong.
    const maySuspend = this.#home.settings.outgoing.onOverflow === 'suspend'
    if (maySuspend && this.share.refuses(this)) return 'full'
    if (this.writeNow(data)) return 'sent'
    const backlog = this.waiting()
    return backlog.overflow(data) === null ? backlog.trySend(data) : 'closed'
  }

  /** See `OutgoingChannel.whenWritable`. */
  whenWritable(signal: AbortSignal | undefined): Promise<void> {
    if (!this.isOpen) return this.refuse(this.closedError(undefined))
    if (signal?.aborted === true) return handled(rejected(signal.reason))
    const backlog = this.backlog
    return backlog === null || backlog.isQueueEmpty ? this.settled() : backlog.whenRoom(signal)
  }

  /** See `WebSocketSession.flush`. */
  flush(): Promise<void> {
    if (!this.isOpen) return this.closed()
    this.writeOut()
    if (!this.isBlocked) return this.settled()
    // A flush that waits for room when the session closes becomes a wait for the end.
    return this.waiting()
      .flush()
      .catch(() => this.closed())
  }

  /** Sends a ping or a pong, past the queue. It replaces one of its type that still waits. */
  control(type: typeof FrameType.PING | typeof FrameType.PONG, payload: Uint8Array): void {
    if (this.writeNext(type, payload)) return
    const { control } = this.waiting()
    if (type === FrameType.PING) control.ping(payload)
    else control.pong(payload)
  }

  /** Answers a heartbeat: a text message, past the queue, between two others. */
  beat(answer: Uint8Array): void {
    const isBetween = this.fragments?.isInsideMessage !== true && this.#extensions?.isBusy !== true
    if (this.backlog === null && isBetween && this.writeNext(FrameType.TEXT, answer)) return
    const backlog = this.waiting()
    backlog.control.beat(answer)
    if (this.ending?.isOver !== true) backlog.writeBeat()
  }

  /**
   * Accepts no more. `last` follows everything that was accepted, and the sends that wait for room;
   * then `closeWritten` is called.
   */
  end(last: LastFrame): void {
    const ending = this.makeEnding()
    if (ending.hasBegun) return
    ending.last = last
    this.backlog?.endRoom(this.closedError(undefined))
    this.pump()
  }

  /** Resolves when the operating system has the last bytes, or the transport is gone. */
  closed(): Promise<void> {
    const ending = this.makeEnding()
    const isDone = ending.isOver && this.backlog?.isTransportBusy !== true
    return isDone ? this.settled() : ending.wait()
  }

  /** The transport is gone: accepted frames are lost, and all waits end. */
  abandon(): void {
    const ending = this.makeEnding()
    this.backlog?.endRoom(this.closedError(undefined))
    this.#stretch?.drop()
    this.#extensions?.abandon()
    ending.isOver = true
    this.backlog?.abandon()
    ending.lost()
  }

  /** The transport has handed over everything. */
  drained(): void {
    this.backlog?.drained()
    if (this.ending?.isOver === true) this.ending.handedOver()
    else this.pump()
  }

  // For the backlog, the extensions and the stretch: see their interfaces

  room(payload: string | Uint8Array): Stretch | null {
    return this.roomFor(encodedSizeBound(payload), null)
  }

  write(
    stretch: Stretch,
    opcode: number,
    fin: boolean,
    payload: string | Uint8Array,
    prepared: PreparedFrame | null,
  ): void {
    if (this.#home.hasExtensions && opcode < FrameType.CLOSE) {
      this.extensions?.write(opcode, fin, payload, prepared)
    } else if (prepared !== null) {
      stretch.writePrepared(prepared)
    } else {
      stretch.write(opcode, fin, 0, payload)
    }
    if (fin && opcode < FrameType.CLOSE) this.sentMessages += 1
    this.backlog?.written(opcode, fin)
  }

  writeOut(): void {
    this.#stretch?.writeOut()
  }

  pump(): void {
    if (this.ending?.isOver === true) return // nothing follows the end
    this.#extensions?.writeHeld()
    this.backlog?.pump()
    if (this.isBlocked) return
    if (this.ending !== null && this.ending.last !== null) this.writeLast(this.ending.last)
    else this.writeOut()
  }

  turnEnded(): void {
    this.#stretch = null
  }

  writeQueued(): void {
    this.waiting().writeQueued()
  }

  private get made(): WriteExtras {
    this.#extras ??= new WriteExtras()
    return this.#extras
  }

  /** `null` until the end begins. */
  private get ending(): WriteEnding | null {
    return this.#extras === null ? null : this.#extras.ending
  }

  private makeEnding(): WriteEnding {
    const { made } = this
    made.ending ??= new WriteEnding()
    return made.ending
  }

  /** `null`: the handshake agreed on none. */
  private get extensions(): OutgoingExtensions | null {
    const { extensions } = this.#owner
    if (this.#extensions === null && extensions !== null) {
      this.#extensions = new OutgoingExtensions(extensions, this, this.#home)
    }
    return this.#extensions
  }

  private get share(): LoopShare {
    return this.#home.stretches.share
  }

  /** Whether a frame has to wait: for the transport, an extension, or the event loop. */
  private get isBlocked(): boolean {
    return this.backlog?.isBlocked === true || this.#extensions?.isBusy === true
  }

  private roomFor(bound: number, shared: string | Uint8Array | null): Stretch | null {
    if (this.backlog?.isTransportBusy === true) return null
    this.#stretch ??= this.#home.stretches.begin(this)
    return this.#stretch.makeRoom(bound, shared) ? this.#stretch : null
  }

  /** @returns `false` if `data` has to wait. @throws if `data` may not be sent at all. */
  private writeNow(data: Outbound): boolean {
    if (this.isBlocked) return false
    const isPlain = this.fragments === null && !this.#home.hasExtensions
    const part = isPlain ? receivedPartOf(data) : null
    if (part !== null) return this.writePart(data, part)
    const text = isPlain ? wholeText(data) : null
    if (text !== null) return this.writeText(text)
    const payload = outboundPayload(data)
    const prepared = preparedOf(data)
    const isShared = prepared !== null && !this.#home.hasExtensions
    const stretch = this.roomFor(encodedSizeBound(payload), isShared ? payload : null)
    if (stretch === null) return false
    this.write(stretch, nextOpcode(this, data, payload), isLastFragment(data), payload, prepared)
    return true
  }

  /** The same for a short message that arrived, whose payload is `part`. */
  private writePart(data: Outbound, part: PayloadPart): boolean {
    if (this.backlog?.isTransportBusy === true) return false
    this.#stretch ??= this.#home.stretches.begin(this)
    const opcode = data instanceof Frame.Text ? FrameType.TEXT : FrameType.BINARY
    if (!this.#stretch.writePart(opcode, part)) return false
    this.sentMessages += 1
    return true
  }

  /** The same for a whole text message that cannot change: most messages are of this kind. */
  private writeText(text: string | Uint8Array): boolean {
    if (this.backlog?.isTransportBusy === true) return false
    this.#stretch ??= this.#home.stretches.begin(this)
    if (!this.#stretch.writeText(text)) return false
    this.sentMessages += 1
    return true
  }

  /** Writes a control frame now. @returns `false` if it has to wait. */
  private writeNext(type: FrameType, payload: Uint8Array): boolean {
    if (this.ending?.isOver === true) return true // nothing follows the end
    const stretch = this.room(payload)
    stretch?.write(type, true, 0, payload)
    return stretch !== null
  }

  private waiting(): Backlog {
    const { made } = this
    made.backlog ??= new Backlog(this, {
      owner: this.#owner,
      share: this.share,
      extensions: this.extensions,
    })
    return made.backlog
  }

  private writeLast(last: LastFrame): void {
    if (last === 'none') {
      this.writeOut()
    } else {
      const stretch = this.roomFor(MAX_CLOSE_FRAME_BYTES, null)
      if (stretch === null) return
      stretch.writeClose(last.reason)
    }
    this.ending?.written()
    this.#owner.closeWritten()
    if (this.backlog?.isTransportBusy !== true) this.ending?.handedOver()
  }

  /** For calls that need not wait: a loop of them must let the event loop turn, too. */
  private settled(): Promise<void> {
    this.share.spend(0)
    return this.share.accepted(this, SENT)
  }

  private closedError(data: unknown): ClosedSendChannelError {
    return new ClosedSendChannelError(data, { sessionId: this.#owner.session.id })
  }

  /** A rejection that only says that the session has ended. */
  private refuse(error: Error): Promise<never> {
    this.share.spend(0)
    return handled(this.share.refused(this, error))
  }
}

function preparedOf(data: Outbound): PreparedFrame | null {
  return data instanceof PreparedFrame ? data : null
}
