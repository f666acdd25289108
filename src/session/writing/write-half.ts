/**
 * The half of a session that writes: everything is sent in order, through one place (invariant 2).
 *
 * While the transport takes bytes, `send` serialises the frame at once. Once the transport keeps
 * bytes, frames wait in a bounded queue. Pings and pongs overtake the queue, and wait behind the
 * write under way at most. The Close frame comes after everything that was accepted.
 */

import { Deferred, handled, type LoopShare, loopShareOf, rejected } from '../../base/internal.ts'
import {
  ChannelOverflowError,
  ClosedSendChannelError,
  type SendOptions,
  type TrySendResult,
} from '../../channels/index.ts'
import { SENT } from '../../channels/internal.ts'
import { type CloseReason, FrameType, isBytes, PreparedFrame } from '../../protocol/internal.ts'
import { VIOLATED_POLICY } from '../failure-reason.ts'
import type { HalfOwner } from '../half-owner.ts'
import { FrameWriter, type FrameWriterOwner } from './frame-writer.ts'
import { MessageOrder } from './message-order.ts'
import { OutgoingExtensions } from './outgoing-extensions.ts'
import { FlushMarker, OutgoingQueue } from './outgoing-queue.ts'
import { RoomBell } from './room-bell.ts'
import type { Outbound } from '../session.ts'
import type { SessionSettings } from '../settings.ts'
import type { Transport } from '../transport.ts'
import { KeptWrites } from './kept-writes.ts'
import { WaitingControl } from './waiting-control.ts'

/**
 * How far the last frame has come: `ending`, it is still to be written; `ended`, written or lost.
 */
type WriteState = 'running' | 'ending' | 'ended'

/** Writes for one session. */
export class WriteHalf implements FrameWriterOwner {
  /** Whether frames are accepted: see `maySendData`. Only the session core sets it. */
  isOpen = true
  /** Whether our Close frame has been given to the transport. */
  isCloseWritten = false
  readonly #frames: FrameWriter
  readonly #order: MessageOrder
  readonly #settings: SessionSettings
  readonly #owner: HalfOwner
  readonly #activity: HalfOwner['activity']
  readonly #transport: Transport
  /** Made when the transport first keeps bytes. */
  #kept: KeptWrites | null = null
  /** The end has begun: `writeTimeout` holds no more. */
  #isUnwatched = false
  readonly #share: LoopShare
  /** `null`: the handshake agreed on none. */
  readonly #extensions: OutgoingExtensions | null
  #queue: OutgoingQueue | null = null
  #state: WriteState = 'running'
  /** The Close frame to end with, an empty one for the reason `null`; `null`: end without one. */
  #close: { readonly reason: CloseReason | null } | null = null
  /** Made when a control frame has to wait. */
  #control: WaitingControl | null = null
  /** Whether the last fragment of a message is still to be written (RFC 6455 §5.4). */
  #isInsideMessage = false
  /** The queue has used up its share of the event loop, and waits until the loop has turned. */
  #rests = false
  /** The flushes whose frames are in the write under way. */
  #handing: FlushMarker[] | null = null
  #ended: Deferred<void> | null = null
  /** Made when a caller waits for room. */
  #bell: RoomBell | null = null

  constructor(owner: HalfOwner, transport: Transport) {
    const { settings, environment, extensions } = owner
    this.#activity = owner.activity
    this.#transport = transport
    this.#frames = new FrameWriter(transport, environment, settings.masking, this)
    this.#order = new MessageOrder(settings.outgoing.onOverflow)
    this.#settings = settings
    this.#owner = owner
    this.#share = loopShareOf(environment)
    this.#extensions =
      extensions === null
        ? null
        : new OutgoingExtensions(extensions, this.#frames, () =>
            // The sender of the frame that took time is not the sender of those that wait.
            environment.runDetached(() => this.#pump()),
          )
  }

  get masking(): boolean {
    return this.#frames.masking
  }

  set masking(masking: boolean) {
    this.#frames.masking = masking
  }

  /** Bytes accepted and not yet handed to the operating system. */
  get bufferedAmount(): number {
    const waiting = (this.#queue?.bytes ?? 0) + (this.#extensions?.heldBytes ?? 0)
    return this.#frames.bufferedBytes + waiting
  }

  /** Bytes that sending keeps in memory. */
  get heldBytes(): number {
    return this.bufferedAmount + (this.#queue?.waitingCost ?? 0)
  }

  /** Bytes given to the transport so far. */
  get bytesWritten(): number {
    return this.#transport.bytesWritten
  }

  /** Bytes given to the transport that the operating system has not taken. */
  get queuedBytes(): number {
    return this.#transport.queuedBytes
  }

  /** A number that grows as bytes move on from the transport to the operating system. */
  get handed(): number {
    return this.#kept?.handed ?? -this.#transport.queuedBytes
  }

  /** When bytes were last seen to move towards the peer; `-Infinity` if never. */
  get movedOutAt(): number {
    return this.#kept?.movedAt ?? -Infinity
  }

  /** See `WebSocketSession.send`; Close frames do not come here. */
  send(data: Outbound, options?: SendOptions): Promise<void> {
    this.#activity?.active()
    if (!this.isOpen) return this.#refuse(this.#closedError(data))
    try {
      if (this.#writeNow(data)) return this.#share.accepted(this, SENT)
    } catch (error) {
      return rejected(error)
    }
    const overflow = this.#overflow(data)
    if (overflow !== null) return this.#refuse(overflow)
    return this.#waiting().send(data, options)
  }

  /**
   * Sends `data` if that takes no waiting.
   *
   * @throws what `send` rejects with, for data that may not be sent at all.
   */
  trySend(data: Outbound): TrySendResult {
    this.#activity?.active()
    if (!this.isOpen) return 'closed'
    // Under other policies the queue takes the frame: `full` would be wrong.
    if (this.#settings.outgoing.onOverflow === 'suspend' && this.#share.refuses(this)) return 'full'
    if (this.#writeNow(data)) return 'sent'
    if (this.#overflow(data) !== null) return 'closed'
    return this.#waiting().trySend(data)
  }

  /** See `OutgoingChannel.whenWritable`. */
  whenWritable(signal: AbortSignal | undefined): Promise<void> {
    if (!this.isOpen) return this.#refuse(this.#closedError(undefined))
    if (signal?.aborted === true) return handled(rejected(signal.reason))
    if (this.#queue === null || this.#queue.isEmpty) return this.#settled()
    this.#bell ??= new RoomBell()
    return this.#bell.wait(signal)
  }

  /** Sends a ping, past the queue. One that still waits is replaced. */
  ping(payload: Uint8Array): void {
    if (!this.#writeControl(FrameType.PING, payload)) this.#waitingControl().ping(payload)
  }

  /** Answers a ping, past the queue. An answer that still waits is replaced. */
  pong(payload: Uint8Array): void {
    if (!this.#writeControl(FrameType.PONG, payload)) this.#waitingControl().pong(payload)
  }

  /** Answers a heartbeat: a text message, past the queue, between two others. */
  beat(answer: Uint8Array): void {
    this.#waitingControl().beat(answer)
    this.#writeWaitingBeat()
  }

  /** Accepts no more. A Close frame follows what was accepted, an empty one for `null`. */
  close(reason: CloseReason | null): void {
    if (this.#state !== 'running') return
    this.#close = { reason }
    this.finish()
  }

  /** Accepts no more. Calls `closeWritten` when the rest is written, also of senders that wait. */
  finish(): void {
    if (this.#state !== 'running') return
    this.#state = 'ending'
    this.#bell?.end(this.#closedError(undefined))
    this.#pump()
  }

  /** Refuses the senders that wait for room. Accepted frames stay. */
  refuseWaiting(): void {
    this.#queue?.refuseWaiting()
  }

  /** Resolves when the operating system has the last bytes, or the transport is gone. */
  closed(): Promise<void> {
    if (this.#state === 'ended' && !this.#frames.isBacklogged) return this.#settled()
    this.#ended ??= new Deferred()
    return this.#ended.promise
  }

  /** See `WebSocketSession.flush`. */
  flush(): Promise<void> {
    if (!this.isOpen) return this.closed()
    this.#frames.writeOut()
    if (!this.#isBlocked) return this.#settled()
    // A flush that waits for room when the session closes becomes a wait for the end.
    return this.#waiting()
      .mark()
      .catch(() => this.closed())
  }

  /** The transport has handed over everything. */
  drained(): void {
    this.#kept?.drained()
    this.#frames.isBacklogged = false
    this.#handed()
    if (this.#state === 'ended') this.#ended?.resolve()
    else this.#pump()
  }

  /** The transport kept bytes that the operating system did not take. */
  writeQueued(): void {
    this.#kept ??= new KeptWrites(this.#owner, this.#transport, this.#isUnwatched)
    this.#kept.queued()
  }

  /** The end has begun: writes may take as long as `closeTimeout` lets them. */
  stopWatch(): void {
    this.#isUnwatched = true
    this.#kept?.stopWatch()
  }

  /** Drops the queue, and refuses its senders. Bytes that the transport has still go out. */
  discardQueue(): void {
    this.#queue?.abandon()
  }

  /** The transport is gone: accepted frames are lost, and all waits end. */
  abandon(): void {
    this.#state = 'ended'
    this.#bell?.end(this.#closedError(undefined))
    this.#rests = false
    this.#frames.abandon()
    this.#extensions?.abandon()
    this.#queue?.abandon()
    this.#handed()
    this.#ended?.resolve()
  }

  /** @returns `false` if it has to wait. @throws if it may not be sent at all. */
  #writeNow(data: Outbound): boolean {
    if (this.#extensions !== null) return this.#transformNow(data, this.#extensions)
    if (this.#frames.isBacklogged || this.#rests) return false
    const text = this.#order.wholeText(data)
    const payload = text ?? this.#order.payloadOf(data)
    if (!this.#frames.makeRoom(payload)) return false
    if (text !== null) {
      this.#frames.write(FrameType.TEXT, true, 0, text, true)
      return true
    }
    const opcode = this.#order.opcodeOf(data, payload)
    if (data instanceof PreparedFrame) this.#frames.writePrepared(data)
    else this.#frames.write(opcode, isWhole(data), 0, payload)
    this.#written(opcode, isWhole(data))
    return true
  }

  /** The same, through the extensions. */
  #transformNow(data: Outbound, extensions: OutgoingExtensions): boolean {
    if (this.#isBlocked) return false
    const payload = this.#order.payloadOf(data)
    if (!this.#frames.makeRoom(payload)) return false
    const opcode = this.#order.opcodeOf(data, payload)
    const prepared = data instanceof PreparedFrame ? data : null
    extensions.write(opcode, isWhole(data), payload, prepared)
    this.#written(opcode, isWhole(data))
    return true
  }

  /** Whether a frame has to wait: for the transport, an extension, or the event loop. */
  get #isBlocked(): boolean {
    return this.#frames.isBacklogged || this.#rests || this.#extensions?.isBusy === true
  }

  #overflow(data: Outbound): ChannelOverflowError | null {
    const { onOverflow, capacity } = this.#settings.outgoing
    if (onOverflow !== 'close' || this.#waiting().fits(data)) return null
    const error = new ChannelOverflowError(capacity, data)
    this.#owner.fail(VIOLATED_POLICY, error, 'channels.outgoing')
    return error
  }

  /** For calls that need not wait: a loop of them must let the event loop turn, too. */
  #settled(): Promise<void> {
    this.#share.spend(0)
    return this.#share.accepted(this, SENT)
  }

  #closedError(data: unknown): ClosedSendChannelError {
    return new ClosedSendChannelError(data, { sessionId: this.#settings.id })
  }

  /** A rejection that only says that the session has ended. */
  #refuse(error: Error): Promise<never> {
    this.#share.spend(0)
    return handled(this.#share.refused(this, error))
  }

  #waiting(): OutgoingQueue {
    this.#queue ??= new OutgoingQueue(
      this.#settings.outgoing,
      this.#order,
      {
        frameDropped: (bytes) =>
          this.#owner.observer.frameDropped('outgoing', bytes, this.#owner.session),
        buffered: (bytes) => this.#owner.observer.buffered(bytes, this.#owner.session),
      },
      this.#settings.id,
    )
    return this.#queue
  }

  /** Writes what waits, in order, as far as the transport takes it. */
  #pump(): void {
    this.#extensions?.writeHeld()
    this.#writeWaitingControl()
    while (this.#queue !== null && !this.#queue.isEmpty && !this.#isBlocked) {
      if (this.#share.isUsedUp) this.#rest()
      else this.#writeNext(this.#queue)
    }
    if (this.#bell?.isAwaited === true && this.#queue?.isEmpty === true) this.#bell.ring()
    if (this.#isBlocked) return
    if (this.#state === 'ending') this.#writeEnd()
    else this.#frames.writeOut()
  }

  #rest(): void {
    this.#frames.writeOut()
    this.#rests = true
    void this.#share.turned().then(() => {
      if (!this.#rests) return
      this.#rests = false
      this.#pump()
    })
  }

  #writeNext(queue: OutgoingQueue): void {
    const entry = queue.peek()
    if (entry instanceof FlushMarker) {
      queue.take()
      this.#frames.writeOut()
      if (!this.#frames.isBacklogged) entry.handed()
      else (this.#handing ??= []).push(entry)
    } else if (this.#frames.makeRoom(entry.payload)) {
      queue.take()
      if (this.#extensions !== null) {
        this.#extensions.write(entry.opcode, entry.fin, entry.payload, entry.prepared)
      } else if (entry.prepared !== null) {
        this.#frames.writePrepared(entry.prepared)
      } else {
        this.#frames.write(entry.opcode, entry.fin, 0, entry.payload)
      }
      this.#written(entry.opcode, entry.fin)
    }
  }

  #waitingControl(): WaitingControl {
    this.#control ??= new WaitingControl(this.#frames)
    return this.#control
  }

  /** Writes a control frame now. @returns `false` if it has to wait. */
  #writeControl(type: FrameType, payload: Uint8Array): boolean {
    if (this.#state === 'ended') return true // nothing follows the end
    if (!this.#frames.makeRoom(payload)) return false
    this.#frames.write(type, true, 0, payload)
    return true
  }

  #writeWaitingControl(): void {
    if (this.#control === null || this.#state === 'ended') return
    this.#control.write()
    this.#writeWaitingBeat()
  }

  #writeWaitingBeat(): void {
    if (this.#control === null || this.#state === 'ended' || this.#isInsideMessage) return
    // The end of a message may still be with an extension.
    if (this.#extensions?.isBusy !== true) this.#control.writeBeat()
  }

  /** A frame was written: notes whether its message goes on. */
  #written(opcode: number, fin: boolean): void {
    if (opcode >= FrameType.CLOSE) return // a control frame
    this.#isInsideMessage = !fin
    if (fin) this.#writeWaitingBeat()
  }

  #writeEnd(): void {
    if (this.#close === null) this.#frames.writeOut()
    else if (!this.#frames.writeClose(this.#close.reason)) return
    this.#state = 'ended'
    this.isCloseWritten = this.#close !== null
    this.#owner.closeWritten()
    if (!this.#frames.isBacklogged) this.#ended?.resolve()
  }

  #handed(): void {
    const handing = this.#handing
    this.#handing = null
    for (const marker of handing ?? []) marker.handed()
  }
}

/** Whether a message ends with `data`. */
function isWhole(data: Outbound): boolean {
  return typeof data === 'string' || isBytes(data) || data.fin
}
