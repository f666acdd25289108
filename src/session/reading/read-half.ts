/**
 * The half of a session that reads: the receiver of the transport, and the sink of the decoder.
 *
 * Bytes of the transport go to the decoder, which calls back with frames. Messages go into the
 * `incoming` channel. Pings and heartbeats are answered. `HeldBack` pauses reading.
 */

import { ChannelOverflowError } from '../../channels/index.ts'
import { BufferedChannel } from '../../channels/internal.ts'
import {
  borrowDecoder,
  type CloseReason,
  type DecoderRules,
  encodeUtf8,
  type Frame,
  type FrameDecoder,
  type FrameSink,
  FrameType,
  HEARTBEAT_MARK,
  heartbeatAnswer,
  MessageAssembler,
  ownPayload,
  type PartSink,
  type PayloadPart,
  type ProtocolViolation,
  receivedBinary,
  ReceivedOptions,
  receivedPart,
  receivedText,
  recycle,
  rulesFor,
  type SessionDecoderOptions,
  settleDecoder,
  stoppedDecoder,
} from '../../protocol/internal.ts'
import { failureReason, VIOLATED_POLICY } from '../failure-reason.ts'
import type { HalfOwner } from '../half-owner.ts'
import type { HeartbeatListener } from '../settings.ts'
import type { TransportReceiver } from '../transport.ts'
import type { SessionHome } from '../writing/session-home.ts'
import type { WriteHalf } from '../writing/write-half.ts'
import { EXTENSION, HeldBack, RATE } from './held-back.ts'
import {
  heldBytesOf,
  INCOMING_HOOKS,
  incomingSettings,
  WAITING_FRAME_BYTES,
} from './incoming-channel.ts'
import { IncomingExtensions, type TransformedCalls } from './incoming-extensions.ts'
import { countsData, type RateCalls, RateLimits } from './rate-limits.ts'
import { RawFrames } from './raw-frames.ts'
import { ReadEnding } from './read-ending.ts'
import { type FrameQueue, waitingFramesOf } from './waiting-frames.ts'

/** Messages whose memory is used again when they are disposed. */
const RECEIVED = new ReceivedOptions(recycle)

/** The core, which has made the write half before. */
interface ReadOwner extends HalfOwner {
  readonly write: WriteHalf
}

/** The parts of the reading of a session that most sessions never need, or only at their end. */
class ReadExtras {
  /** Made when reading is held back for the first time. */
  heldBack: HeldBack | null = null
  /** Made for the first message in fragments. */
  assembler: MessageAssembler | null = null
  /** Set while a client's heartbeat listens. */
  heartbeat: HeartbeatListener | null = null
  /** Made when the end begins. */
  ending: ReadEnding | null = null
}

/** Reads for one session. */
export class ReadHalf implements TransportReceiver, FrameSink, PartSink, FrameQueue {
  static readonly #calls: TransformedCalls<ReadHalf> = {
    deliver: (read, frame, size) => read.deliver(frame, size),
    takesHeartbeat: (read, message) => read.takesHeartbeat(message),
    work: (read, isWorking) =>
      isWorking ? read.held().pause(EXTENSION) : read.heldBack?.resume(EXTENSION),
  }

  static readonly #rateCalls: RateCalls<ReadHalf> = {
    wait: (read, waits) => (waits ? read.held().pause(RATE) : read.heldBack?.resume(RATE)),
    exceeded: (read, error) => read.owner.fail(VIOLATED_POLICY, error),
  }

  /** The channel that the handler receives from. */
  readonly channel: BufferedChannel<Frame, ReadHalf>
  /** Bytes that have arrived since the start. */
  received = 0
  /** When they last arrived, in whole milliseconds; `null`: never. */
  receivedAt: number | null = null
  /** Whole messages, a fragmented one counted once. */
  receivedMessages = 0
  readonly owner: ReadOwner
  readonly #home: SessionHome
  /** What the decoder accepts. */
  #rules: DecoderRules
  /**
   * Kept while a frame or a message is incomplete, once reading has been held back, and by raw
   * sessions; else `null` between two reads.
   */
  #decoder: FrameDecoder | null = null
  /** Made for the first message, if the handshake agreed on extensions. */
  #extensions: IncomingExtensions<ReadHalf> | null = null
  /** Made at once if messages or bytes have a rate, else for the first control frame. */
  #rates: RateLimits<ReadHalf> | null = null
  /** Made when one of them is first needed. */
  #extras: ReadExtras | null = null
  /** The memory of incomplete frames and messages after the last read, in bytes. */
  #partBytes = 0
  /** The growth of the memory that has not been reported yet, in bytes. */
  #grown = 0
  /** The frames that have been put into the channel since the last `ownPayloads`. */
  #newFrames = 0

  constructor(owner: ReadOwner, home: SessionHome) {
    const { settings, kind } = home
    this.owner = owner
    this.#home = home
    if (countsData(settings)) this.limits()
    this.channel = new BufferedChannel<Frame, ReadHalf>(incomingSettings(settings.incoming), {
      owner: this,
      hooks: INCOMING_HOOKS,
    })
    const decoding: SessionDecoderOptions = {
      role: settings.role,
      maxFrameSize: settings.maxFrameSize,
      maxMessageSize: settings.maxMessageSize,
      maxFragments: settings.maxFragments,
      messages: kind === 'default',
      claimedBits: home.claimedBits,
      parts: kind === 'default',
    }
    this.#rules = rulesFor(decoding)
    if (kind === 'raw') this.#decoder = borrowDecoder(this.rawFrames(), this.#rules)
  }

  /** The largest text or binary frame, in bytes of payload; applies from the next header on. */
  get maxFrameSize(): number {
    return this.#rules.maxFrameSize
  }

  set maxFrameSize(bytes: number) {
    this.#rules = rulesFor({ ...this.#rules.options, maxFrameSize: bytes })
    if (this.#decoder !== null) this.#decoder.maxFrameSize = bytes
  }

  /** The memory of received frames, decoded or not, in bytes. */
  get heldBytes(): number {
    const unread = this.owner.write.transport.unreadBytes + (this.heldBack?.heldBytes ?? 0)
    return heldBytesOf(this.channel) + unread + this.partialBytes
  }

  /** `null`: reading has never been held back. */
  get heldBack(): HeldBack | null {
    return this.#extras === null ? null : this.#extras.heldBack
  }

  /** Reports every message from now on to `listener`, and passes it the answers of the server. */
  set heartbeat(listener: HeartbeatListener) {
    this.made.heartbeat = listener
    if (this.extensions !== null) this.extensions.hasHeartbeat = true
  }

  // Calls of the transport

  receive(bytes: Uint8Array): void {
    this.received += bytes.length
    this.receivedAt = Math.floor(this.#home.stretches.output.moreToRead())
    this.#grown += bytes.length
    const { heldBack } = this
    if (heldBack === null) {
      this.decode(bytes)
    } else {
      heldBack.receive(bytes)
      this.reportGrowth()
    }
  }

  unread(bytes: number): void {
    this.buffered(bytes)
  }

  receiveEnd(): void {
    // Once the end has begun, the handler cannot answer the frames before.
    if (this.owner.ending === null) this.concludeWith(() => this.endRead(), true)
    else this.endRead()
  }

  drained(): void {
    this.owner.write.drained()
  }

  closed(cause: Error | null): void {
    this.conclude()
    // The handler can still receive frames that have arrived.
    this.heldBack?.end()
    this.heldBack?.stop()
    this.conclude()
    this.owner.transportClosed(cause)
  }

  // Calls of the decoder of a default session

  text(payload: Uint8Array, fin: boolean, reservedBits: number): void {
    const message = this.gather(payload, fin)
    if (message === null) return
    if (this.#home.hasExtensions) this.extensions?.receive('text', message, reservedBits)
    else if (message[0] !== HEARTBEAT_MARK || !this.takesHeartbeat(message)) {
      this.deliver(receivedText(message, RECEIVED), message.length)
    }
  }

  asciiText(text: string): void {
    // Heartbeats are shorter.
    if (!this.#home.hasExtensions) this.deliver(receivedText(text), text.length)
    else this.text(encodeUtf8(text), true, 0)
  }

  binary(payload: Uint8Array, fin: boolean, reservedBits: number): void {
    const message = this.gather(payload, fin)
    if (message === null) return
    if (this.#home.hasExtensions) this.extensions?.receive('binary', message, reservedBits)
    else this.deliver(receivedBinary(message, RECEIVED), message.length)
  }

  /** See `PartSink`. No fragment waits: the decoder is between two messages. */
  takePart(part: PayloadPart, isText: boolean): void {
    if (!this.#home.hasExtensions && !(isText && part.beginsWith(HEARTBEAT_MARK))) {
      this.deliver(receivedPart(part, isText), part.length)
    } else if (isText) this.text(part.bytes, true, 0)
    else this.binary(part.bytes, true, 0)
  }

  ping(payload: Uint8Array): void {
    if (this.limits().controlFrame()) this.owner.write.control(FrameType.PONG, payload)
  }

  pong(payload: Uint8Array): void {
    if (!this.limits().controlFrame()) return
    const roundTripMs = this.owner.pings?.ponged(payload) ?? null
    if (roundTripMs !== null) {
      this.#home.observer.pingAnswered?.(roundTripMs, this.owner.session)
    }
  }

  close(reason: CloseReason | null): void {
    this.concludeWith(() => this.owner.peerClosed(reason, true))
  }

  violation(error: ProtocolViolation): void {
    this.concludeWith(() => this.owner.fail(failureReason(error), error))
  }

  // Calls of the core at the end

  /** How the reading ends. Made at the first call. */
  get ending(): ReadEnding {
    const { made } = this
    made.ending ??= new ReadEnding(this, this.extensions, () =>
      this.#home.stretches.share.awaitedBy(this.owner.write),
    )
    return made.ending
  }

  /** See `IncomingOwner`. */
  dropped(bytes: number): void {
    this.#home.observer.frameDropped('incoming', bytes, this.owner.session)
  }

  /** Nothing more is decoded. */
  stopDecoding(): void {
    if (this.#decoder === null) this.#decoder = stoppedDecoder()
    else this.#decoder.stop()
  }

  /** Releases the memory of incomplete frames and messages, and stops all timers. */
  release(): void {
    this.#rates?.stop()
    this.stopDecoding()
    if (this.#extras !== null) this.#extras.assembler = null
  }

  /** See `FrameQueue`. */
  ownPayloads(): void {
    const { size } = this.channel
    for (let offset = Math.max(0, size - this.#newFrames); offset < size; offset++) {
      ownPayload(this.channel.peekAt(offset))
    }
    this.#newFrames = 0
    // Frames of extensions that take time come outside of a read.
    this.reportGrowth()
  }

  /** Handles the last frame now, if that has not been done yet. */
  private conclude(): void {
    this.#extras?.ending?.conclude()
  }

  /** The peer's end has been read. */
  private endRead(): void {
    this.conclude()
    const wasHeldBack = this.heldBack?.isHeldBack === true
    if (this.heldBack !== null && !this.heldBack.end()) return
    if (wasHeldBack) this.endDecoded()
    else this.owner.endReached()
  }

  /** Frames in front of the end were held back until now: the handler has its turn with them. */
  private endDecoded(): void {
    if (this.owner.ending === null) this.concludeWith(() => this.owner.endReached(), true)
    else this.owner.endReached()
  }

  private borrowed(): FrameDecoder {
    this.#decoder ??= borrowDecoder(this, this.#rules)
    return this.#decoder
  }

  private decode(bytes: Uint8Array): void {
    const decoder = this.borrowed()
    decoder.receive(bytes)
    if (this.heldBack === null && this.#rules.gathers) this.#decoder = settleDecoder(decoder)
    this.reportGrowth()
    if (this.#rates !== null) this.#rates.bytes(bytes.length)
  }

  /**
   * Reports to the observer by how much the memory has grown: once a read. A report for each frame
   * cost a twentieth of an echo.
   */
  private reportGrowth(): void {
    const parts = this.partialBytes
    if (parts > this.#partBytes) this.#grown += parts - this.#partBytes
    this.#partBytes = parts
    const grown = this.#grown
    this.#grown = 0
    if (grown > 0) this.buffered(grown)
  }

  /** The memory of incomplete frames and messages. */
  private get partialBytes(): number {
    const gathered = this.#extras?.assembler?.keptBytes ?? 0
    return gathered + (this.#extensions?.heldBytes ?? 0) + (this.#decoder?.keptBytes ?? 0)
  }

  /** Adds a piece of a message. @returns the whole message if it ends here, else `null`. */
  private gather(payload: Uint8Array, fin: boolean): Uint8Array | null {
    if (fin && this.#extras?.assembler?.isEmpty !== false) return payload
    const { made } = this
    made.assembler ??= new MessageAssembler()
    made.assembler.add(payload)
    return fin ? made.assembler.take() : null
  }

  /**
   * Whether a text message belongs to a heartbeat, and must not reach the handler. A question is
   * answered here. An answer goes to the heartbeat that listens.
   */
  private takesHeartbeat(message: Uint8Array): boolean {
    if (this.#extras?.heartbeat?.takes(message) === true) return true
    const answer = this.owner.settings.answerHeartbeats ? heartbeatAnswer(message) : null
    if (answer === null) return false
    if (this.limits().controlFrame()) this.owner.write.beat(answer)
    return true
  }

  /** Puts a message into the channel. `size` is the size of its payload in bytes. */
  private deliver(frame: Frame, size: number): void {
    this.#extras?.heartbeat?.heard()
    if (frame.fin) this.receivedMessages += 1
    if (this.#rates === null || this.#rates.message()) this.put(frame, size)
  }

  private put(frame: Frame, size: number): void {
    if (this.#extras?.ending?.isOver === true) return
    const { capacity, onOverflow } = this.#home.settings.incoming
    if (onOverflow === 'suspend') {
      const wasFull = this.channel.isFull
      this.channel.offer(frame, size)
      if (wasFull) this.held().readPastFull(size)
    } else if (onOverflow !== 'close') {
      this.channel.trySend(frame)
    } else if (this.channel.isFull) {
      const error = new ChannelOverflowError(capacity, frame)
      this.owner.fail(VIOLATED_POLICY, error, 'channels.incoming')
    } else {
      this.channel.offer(frame, size)
    }
    if (this.channel.size > 0) this.countWaiting(size)
  }

  /** Puts the last frame into the channel, whatever the policy, even if the channel is full. */
  private putLast(frame: Frame, size: number): void {
    if (this.#extras?.ending?.isDiscarding === true) return
    this.channel.offer(frame, size)
    if (this.channel.size > 0) this.countWaiting(size)
  }

  /** Counts a frame that waits in the channel. */
  private countWaiting(size: number): void {
    this.#grown += size + WAITING_FRAME_BYTES
    if (++this.#newFrames === 1) waitingFramesOf(this.owner.environment).add(this)
  }

  private buffered(bytes: number): void {
    this.#home.observer.buffered(bytes)
  }

  private held(): HeldBack {
    const { made } = this
    made.heldBack ??= new HeldBack(
      {
        owner: this.owner,
        write: this.owner.write,
        decoder: this.borrowed(),
        channel: this.channel,
        decode: (bytes) => this.decode(bytes),
        dropRest: () => this.ending.dropRest(),
        endDecoded: () => this.endDecoded(),
        paused: (isPaused) => {
          this.owner.pings?.pause(isPaused)
          if (!isPaused) this.#extras?.heartbeat?.readingResumed()
        },
      },
      made.ending?.isClosing === true,
      made.ending?.isOver === true,
    )
    return made.heldBack
  }

  private get made(): ReadExtras {
    this.#extras ??= new ReadExtras()
    return this.#extras
  }

  /** `null`: the handshake agreed on none. */
  private get extensions(): IncomingExtensions<ReadHalf> | null {
    const { extensions } = this.owner
    if (this.#extensions === null && extensions !== null) {
      this.#extensions = new IncomingExtensions<ReadHalf>(extensions, this, ReadHalf.#calls)
    }
    return this.#extensions
  }

  private limits(): RateLimits<ReadHalf> {
    const { environment, settings } = this.#home
    this.#rates ??= new RateLimits<ReadHalf>(environment, settings, this, ReadHalf.#rateCalls)
    return this.#rates
  }

  private rawFrames(): RawFrames {
    return new RawFrames({
      message: (frame, size) => this.deliver(frame, size),
      control: (frame, size) => {
        if (this.limits().controlFrame()) this.put(frame, size)
      },
      close: (frame, reason) => {
        this.putLast(frame, frame.buffer.length)
        this.owner.peerClosed(reason, false)
      },
      violation: (error) => this.violation(error),
    })
  }

  /** The last frame was decoded, a Close frame or a violation, or the peer's end was read. */
  private concludeWith(conclude: () => void, isEnd: boolean = false): void {
    this.ending.concludeWith(conclude, this.owner.environment, isEnd)
  }
}
