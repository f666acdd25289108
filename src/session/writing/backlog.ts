/**
 * What one session has to send and cannot give to the transport yet: frames in the queue, control
 * frames, flushes, and callers that wait for room. Made when something first has to wait; most
 * sessions never have one.
 *
 * Frames wait because the transport keeps bytes, because an extension works on a frame, or because
 * the session has used up its share of the event loop. Control frames overtake the queue.
 */

import type { LoopShare } from '../../base/internal.ts'
import { ChannelOverflowError, type SendOptions, type TrySendResult } from '../../channels/index.ts'
import { FrameType, type PreparedFrame } from '../../protocol/internal.ts'
import { VIOLATED_POLICY } from '../failure-reason.ts'
import type { HalfOwner } from '../half-owner.ts'
import type { Outbound } from '../session.ts'
import type { Transport } from '../transport.ts'
import { KeptWrites } from './kept-writes.ts'
import type { SentMessages } from './message-order.ts'
import type { OutgoingExtensions } from './outgoing-extensions.ts'
import { FlushMarker, OutgoingQueue } from './outgoing-queue.ts'
import { RoomBell } from './room-bell.ts'
import type { Stretch } from './stretch.ts'
import { WaitingControl } from './waiting-control.ts'

/** The write half, as its backlog sees it. */
export interface BacklogWriter extends SentMessages {
  readonly transport: Transport
  /** The stretch for a frame with `payload`; `null` if the transport has to drain first. */
  room(payload: string | Uint8Array): Stretch | null
  /** Writes a frame into `stretch`, which `room` has just returned, and calls `written`. */
  write(
    stretch: Stretch,
    opcode: number,
    fin: boolean,
    payload: string | Uint8Array,
    prepared: PreparedFrame | null,
  ): void
  /** Gives the transport what has been serialised. */
  writeOut(): void
  /** Writes what waits, in order, as far as the transport takes it. */
  pump(): void
}

/** The other parts of the session that a backlog needs. */
export interface BacklogParts {
  readonly owner: HalfOwner
  readonly share: LoopShare
  /** `null`: the handshake agreed on none. */
  readonly extensions: OutgoingExtensions | null
}

/** What waits at one session to be sent. */
export class Backlog {
  /** The transport keeps bytes: nothing can be written until it has drained. */
  isTransportBusy = false
  readonly #writer: BacklogWriter
  readonly #owner: HalfOwner
  readonly #share: LoopShare
  readonly #extensions: OutgoingExtensions | null
  /** Made when a frame has to wait. */
  #queue: OutgoingQueue | null = null
  /** Made when a control frame has to wait. */
  #control: WaitingControl | null = null
  /** Made when the transport first keeps bytes. */
  #kept: KeptWrites | null = null
  /** Made when a caller waits for room. */
  #bell: RoomBell | null = null
  /** The flushes whose frames are in the write under way. */
  #handing: FlushMarker[] | null = null
  /** The session has used up its share of the event loop, and waits until the loop has turned. */
  #awaitsTurn = false
  /** Whether the last fragment of a message is still to be written (RFC 6455 §5.4). */
  #isInsideMessage: boolean

  constructor(writer: BacklogWriter, { owner, share, extensions }: BacklogParts) {
    this.#writer = writer
    this.#owner = owner
    this.#share = share
    this.#extensions = extensions
    this.#isInsideMessage = writer.fragments?.isInsideMessage === true
  }

  /** Whether frames have to wait, for the transport or for the event loop. */
  get isBlocked(): boolean {
    return this.isTransportBusy || this.#awaitsTurn
  }

  /** Whether no frame waits in the queue. */
  get isQueueEmpty(): boolean {
    return this.#queue === null || this.#queue.isEmpty
  }

  /** Bytes of the frames that wait in the queue or for room in it. */
  get bytes(): number {
    return this.#queue?.bytes ?? 0
  }

  /** The frames that wait in the queue or for room in it. */
  get frames(): number {
    return this.#queue?.frames ?? 0
  }

  /** Bytes that callers who wait for room cost beside their frames. */
  get waitingCost(): number {
    return this.#queue?.waitingCost ?? 0
  }

  /** A number that grows as bytes move on from the transport to the operating system. */
  get handed(): number {
    return this.#kept?.handed ?? -this.#writer.transport.queuedBytes
  }

  /** When bytes were last seen to move towards the peer; `-Infinity` if never. */
  get movedOutAt(): number {
    return this.#kept?.movedAt ?? -Infinity
  }

  /**
   * Under the policy `close`, fails the session if `data` finds no room.
   *
   * @returns the error that the session fails with; `null` if `data` may wait.
   */
  overflow(data: Outbound): ChannelOverflowError | null {
    const { onOverflow, capacity } = this.#owner.settings.outgoing
    if (onOverflow !== 'close' || this.#waiting().fits(data)) return null
    const error = new ChannelOverflowError(capacity, data)
    this.#owner.fail(VIOLATED_POLICY, error, 'channels.outgoing')
    return error
  }

  /** Puts `data` into the queue. Resolves when there is room for it. */
  send(data: Outbound, options: SendOptions | undefined): Promise<void> {
    return this.#waiting().send(data, options)
  }

  /** Puts `data` into the queue, if there is room now. */
  trySend(data: Outbound): TrySendResult {
    return this.#waiting().trySend(data)
  }

  /** Resolves when the operating system has everything that was sent before. */
  flush(): Promise<void> {
    return this.#waiting().mark()
  }

  /** Resolves when the queue is empty, and rejects when `signal` aborts or the session ends. */
  whenRoom(signal: AbortSignal | undefined): Promise<void> {
    this.#bell ??= new RoomBell()
    return this.#bell.wait(signal)
  }

  /** The control frames that wait. */
  get control(): WaitingControl {
    this.#control ??= new WaitingControl(this.#writer)
    return this.#control
  }

  /** Writes what waits, in order, as far as the transport takes it. */
  pump(): void {
    this.#control?.write()
    this.writeBeat()
    while (this.#queue !== null && !this.#queue.isEmpty && !this.#isHeld) {
      if (this.#share.isUsedUp) this.#awaitTurn()
      else this.#writeNext(this.#queue)
    }
    if (this.#bell?.isAwaited === true && this.isQueueEmpty) this.#bell.ring()
  }

  /** Writes the answer to a heartbeat that waits, if that may come now: between two messages. */
  writeBeat(): void {
    // The end of a message may still be with an extension.
    if (this.#isInsideMessage || this.#extensions?.isBusy === true) return
    this.#control?.writeBeat()
  }

  /** A frame was written: a waiting answer to a heartbeat may follow the end of a message. */
  written(opcode: number, fin: boolean): void {
    if (opcode >= FrameType.CLOSE) return // a control frame
    this.#isInsideMessage = !fin
    if (fin) this.writeBeat()
  }

  /** The transport kept bytes that the operating system did not take. */
  writeQueued(): void {
    this.isTransportBusy = true
    this.#kept ??= new KeptWrites(this.#owner, this.#writer.transport)
    this.#kept.queued()
  }

  /** The transport has handed over everything that it kept. */
  drained(): void {
    this.#kept?.drained()
    this.isTransportBusy = false
    this.#handed()
  }

  /** The end has begun: writes may take as long as `closeTimeout` lets them. */
  stopWatch(): void {
    this.#kept?.stopWatch()
  }

  /** No more frames are accepted: callers that wait for room without a frame get `error`. */
  endRoom(error: Error): void {
    this.#bell?.end(error)
  }

  /** Rejects the sends that wait for room. Frames in the queue stay. */
  refuseWaiting(): void {
    this.#queue?.refuseWaiting()
  }

  /** Drops the queue, and rejects the sends that wait for room. */
  discardQueue(): void {
    this.#queue?.abandon()
  }

  /** The transport is gone: everything that waits is lost. */
  abandon(): void {
    this.#awaitsTurn = false
    this.isTransportBusy = false
    this.#control = null
    this.#queue?.abandon()
    this.#handed()
  }

  get #isHeld(): boolean {
    return this.isBlocked || this.#extensions?.isBusy === true
  }

  #waiting(): OutgoingQueue {
    const owner = this.#owner
    if (this.#queue !== null) return this.#queue
    const { session, settings } = owner
    const options = { outgoing: settings.outgoing, id: session.id }
    this.#queue = new OutgoingQueue(options, this.#writer, {
      frameDropped: (bytes) => owner.observer.frameDropped('outgoing', bytes, owner.session),
      buffered: (bytes) => owner.observer.buffered(bytes),
    })
    return this.#queue
  }

  #awaitTurn(): void {
    this.#writer.writeOut()
    this.#awaitsTurn = true
    void this.#share.turned().then(() => {
      if (!this.#awaitsTurn) return
      this.#awaitsTurn = false
      // The session's next frames may belong to another sender.
      this.#owner.environment.runDetached(() => this.#writer.pump())
    })
  }

  #writeNext(queue: OutgoingQueue): void {
    const entry = queue.peek()
    if (entry instanceof FlushMarker) {
      queue.take()
      this.#writer.writeOut()
      if (!this.isTransportBusy) entry.handed()
      else (this.#handing ??= []).push(entry)
      return
    }
    const stretch = this.#writer.room(entry.payload)
    if (stretch === null) return
    queue.take()
    this.#writer.write(stretch, entry.opcode, entry.fin, entry.payload, entry.prepared)
  }

  #handed(): void {
    const handing = this.#handing
    this.#handing = null
    for (const marker of handing ?? []) marker.handed()
  }
}
