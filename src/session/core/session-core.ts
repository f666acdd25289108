/**
 * One connection after its handshake: what raw and default sessions have in common.
 *
 * It ties the transport, the decoder, the writer and the incoming channel together, and it is the one
 * place where the end of a connection is decided; `Ending` keeps the facts.
 */

import { type Environment, loopShareOf } from '../../base/internal.ts'
import type { ChannelOverflowError, SendOptions, TrySendResult } from '../../channels/index.ts'
import {
  CloseReason,
  EMPTY_BYTES,
  Frame,
  FrameDecoder,
  heartbeatAnswer,
  ProtocolViolation,
  requireTravelling,
} from '../../protocol/internal.ts'
import type { CloseInfo } from '../close-info.ts'
import { ClosingDeadline, type ClosingDeadlineOwner } from './closing-deadline.ts'
import { type MemoryBudgetError, type RateLimitError, SessionTimeoutError } from '../errors.ts'
import {
  failureReason,
  INTERNAL_ERROR,
  TIME_IS_UP,
  TRY_AGAIN_LATER,
  VIOLATED_POLICY,
} from '../failure-reason.ts'
import { ABNORMAL, Ending, reportedReason } from './ending.ts'
import { Incoming, type IncomingOwner } from '../reading/incoming.ts'
import { limitOf, type SessionLimitName } from '../limit-name.ts'
import { SLAB_BYTES } from '../writing/output.ts'
import type { PauseReason } from '../reading/pause-reasons.ts'
import { RateLimits, type RateOwner } from '../reading/rate-limits.ts'
import { Reading, type ReadingOwner } from '../reading/reading.ts'
import type { Outbound } from '../session.ts'
import type { SessionHoldings } from '../session-holdings.ts'
import { SessionExtensions } from '../session-extensions.ts'
import type { SessionOwner } from '../session-owner.ts'
import { DefaultLevel } from '../reading/default-level.ts'
import { RawLevel } from '../reading/raw-level.ts'
import type { HeartbeatListener, SessionObserver, SessionSettings } from '../settings.ts'
import { createTimeLimits, type TimeLimits, type TimeLimitsOwner } from './time-limits.ts'
import type { Transport, TransportReceiver } from '../transport.ts'
import { WriteProgress } from '../writing/write-progress.ts'
import { WriteWatch } from '../writing/write-watch.ts'
import { waitingFramesOf } from '../reading/waiting-frames.ts'
import { Writer, type WriterOwner } from '../writing/writer.ts'

const NORMAL = new CloseReason(CloseReason.Codes.NORMAL)
const GOING_AWAY = new CloseReason(CloseReason.Codes.GOING_AWAY)

/** The core of one session. */
export class SessionCore
  implements
    TransportReceiver,
    WriterOwner,
    IncomingOwner,
    RateOwner,
    ReadingOwner,
    TimeLimitsOwner,
    ClosingDeadlineOwner
{
  readonly settings: SessionSettings
  readonly environment: Environment
  readonly observer: SessionObserver
  readonly incoming: Incoming
  readonly writer: Writer
  /** Absent where the handshake has agreed on none. */
  readonly extensions: SessionExtensions | null
  readonly #transport: Transport
  readonly #level: DefaultLevel | RawLevel
  readonly #owner: SessionOwner
  readonly #decoder: FrameDecoder
  readonly #reading: Reading
  /** Absent until something has to be counted. */
  #rates: RateLimits | null = null
  /** Absent until the transport has kept something. */
  #progress: WriteProgress | null = null
  #writeWatch: WriteWatch | null = null
  readonly #timeLimits: TimeLimits | null
  readonly #countsBytes: boolean
  readonly #countsMessages: boolean
  /** Whether something has to be done for each message: a rate, or a heartbeat that listens. */
  #watchesMessages: boolean
  /** Set while a client's heartbeat listens. */
  #heartbeat: HeartbeatListener | null = null
  readonly #ending = new Ending()
  #deadline: ClosingDeadline | null = null
  /** We do not wait for the peer's Close: TCP ends as soon as ours has been written (RFC 6455 §7.1.7). */
  #endsAfterClose = false
  #info: CloseInfo | null = null
  /** Bytes that have arrived. */
  #received = 0
  #ownerBytes = 0
  /** How often the transport has handed over all that it had kept. */
  #drains = 0
  /** What was kept after the last read for what has arrived in part. */
  #keptBytes = 0
  /** What the end of reading means, until the handler has had its turn. */
  #conclusion: (() => void) | null = null

  constructor(
    transport: Transport,
    settings: SessionSettings,
    environment: Environment,
    observer: SessionObserver,
    owner: SessionOwner,
    kind: 'default' | 'raw',
  ) {
    const level =
      kind === 'raw'
        ? new RawLevel()
        : new DefaultLevel(environment, settings.pingInterval, settings.timeout)
    this.settings = settings
    this.environment = environment
    this.observer = observer
    this.#transport = transport
    this.#level = level
    this.#owner = owner
    this.#countsBytes = settings.maxBytesPerSecond !== Infinity
    this.#countsMessages = settings.maxMessagesPerSecond !== Infinity
    this.#watchesMessages = this.#countsMessages
    this.#timeLimits = createTimeLimits(environment, settings, this)
    this.incoming = new Incoming(settings.incoming, settings.readAhead, this)
    this.extensions = SessionExtensions.open(settings, environment, this)
    this.writer = new Writer(transport, environment, settings, this, this.extensions)
    this.#decoder = new FrameDecoder(level.sink, {
      role: settings.role,
      maxFrameSize: settings.maxFrameSize,
      maxMessageSize: settings.maxMessageSize,
      maxFragments: settings.maxFragments,
      messages: level.gathersMessages,
      claimedBits: this.extensions?.claimedBits ?? 0,
    })
    this.#reading = new Reading(environment, transport, this.#decoder, this.incoming, this)
    level.attach(this)
  }

  /** Begins to read, and to ping. What arrives before the handler runs waits in `incoming`. */
  start(): void {
    this.#level.start()
    this.#timeLimits?.start()
    this.#transport.start(this)
  }

  /** Bytes that the owner of the session keeps as long as the session lasts. */
  get keptBytes(): number {
    return this.#ownerBytes
  }

  set keptBytes(bytes: number) {
    this.#ownerBytes = bytes
    this.buffered(bytes)
  }

  /** Bytes that the session keeps in memory, in both directions. */
  get heldBytes(): number {
    return this.#incomingBytes + this.writer.heldBytes
  }

  /** The same by direction, and what has moved. */
  measure(): SessionHoldings {
    return {
      incoming: this.#incomingBytes,
      outgoing: this.writer.heldBytes,
      received: this.#received,
      handed: this.#drains * 2 ** 32 - this.#transport.queuedBytes,
    }
  }

  get #incomingBytes(): number {
    const decoding = this.#reading.heldBytes + this.#decoder.keptBytes + this.#level.heldBytes
    return this.incoming.heldBytes + decoding
  }

  get unsentBytes(): number {
    return this.writer.bufferedAmount
  }

  get movedOutAt(): number {
    return this.#progress?.movedAt ?? -Infinity
  }

  get bytesWritten(): number {
    return this.#transport.bytesWritten
  }

  get queuedBytes(): number {
    return this.#transport.queuedBytes
  }

  /** Bytes that have arrived since the start. */
  get received(): number {
    return this.#received
  }

  get isHeldBack(): boolean {
    return this.#reading.isHeldBack
  }

  /** Whether the transport is not read at the moment. */
  get isReadingStopped(): boolean {
    return this.#reading.isStopped
  }

  get maxFrameSize(): number {
    return this.#decoder.maxFrameSize
  }

  set maxFrameSize(bytes: number) {
    if (bytes !== Infinity && !(Number.isSafeInteger(bytes) && bytes > 0)) {
      throw new RangeError(
        `Cannot set maxFrameSize: it is ${String(bytes)}, expected whole bytes above 0 or Infinity`,
      )
    }
    this.#decoder.maxFrameSize = bytes
  }

  /** The reason that `closeReason` reports; `null` while the session is open. */
  get reason(): CloseReason | null {
    return this.#ending.reason
  }

  /** What went wrong, if it is known by now. */
  get cause(): Error | null {
    return this.#ending.cause
  }

  /** How it ended; `null` until it is over. */
  get info(): CloseInfo | null {
    return this.#info
  }

  // What the transport tells us

  receive(bytes: Uint8Array): void {
    this.#received += bytes.length
    this.writer.moreToRead()
    this.#level.heard()
    this.#timeLimits?.active()
    this.#deadline?.received(bytes.length)
    this.observer.buffered(bytes.length, this.#owner)
    this.#reading.receive(bytes)
  }

  decode(bytes: Uint8Array): void {
    this.#decoder.receive(bytes)
    this.#tellKept()
    if (this.#countsBytes) this.#rateLimits().bytes(bytes.length)
  }

  receiveEnd(): void {
    this.concludeReading()
    if (this.#reading.end()) this.endReached()
  }

  endReached(): void {
    this.concludeReading()
    this.#begin('none', ABNORMAL, null)
    this.#ending.transportEnded()
    this.incoming.end()
    if (this.writer.isClosed) {
      // A peer that says no more may still read: what was accepted goes out, and our Close frame.
      this.#endsAfterClose = true
      if (this.writer.isCloseWritten) this.#transport.end()
    } else {
      // What the handler has just sent in answer to the last messages is not on its way before the turn ends.
      void this.writer.flush()
      this.writer.abandon()
      this.#transport.end()
    }
  }

  drained(): void {
    this.#drains += 1
    this.#progress?.drained()
    this.writer.drained()
  }

  closed(cause: Error | null): void {
    this.concludeReading()
    // What had arrived can still be received.
    this.#reading.end()
    this.#reading.stop()
    this.concludeReading()
    this.#begin('none', ABNORMAL, null)
    this.#ending.transportFailed(cause)
    this.#ending.transportEnded()
    this.#deadline?.cancel()
    this.#rates?.stop()
    this.#decoder.stop()
    this.#level.discard()
    this.incoming.end()
    this.writer.abandon()
    this.extensions?.dispose()
    this.#finish()
  }

  // What the levels tell us

  /** One more frame for the handler; `size` is its payload's, in bytes. */
  deliver(frame: Frame, size: number): void {
    if (this.#watchesMessages && !this.#admitsMessage()) return
    this.incoming.deliver(frame, size)
  }

  get hasHeartbeat(): boolean {
    return this.#heartbeat !== null
  }

  #admitsMessage(): boolean {
    this.#heartbeat?.heard()
    return !this.#countsMessages || this.#rateLimits().message()
  }

  /** Tells `listener` of every message from here on, and gives it the answers of the server. */
  set heartbeat(listener: HeartbeatListener) {
    this.#heartbeat = listener
    this.#watchesMessages = true
  }

  /**
   * Whether a text message belongs to a heartbeat, and must not reach the handler: a question is
   * answered here, an answer goes to the heartbeat that listens.
   */
  takesHeartbeat(message: Uint8Array): boolean {
    if (this.#heartbeat?.takes(message) === true) return true
    const answer = this.settings.answerHeartbeats ? heartbeatAnswer(message) : null
    if (answer === null) return false
    if (this.admitsControlFrame()) this.writer.beat(answer)
    return true
  }

  /** A ping or a pong has arrived. @returns whether anything may come of it. */
  admitsControlFrame(): boolean {
    return this.#rateLimits().controlFrame()
  }

  /**
   * The decoder has read its last: a Close frame, or a violation. `conclude` is called when the handler has had its
   * turn with the frames before, which often arrive in the same chunk: what it sends in answer to them, without
   * waiting for anything else, goes out before our Close frame.
   */
  readingOver(conclude: () => void): void {
    this.#conclusion = conclude
    // By way of a microtask: a deferred task by itself may run before what frames have set going.
    queueMicrotask(() => this.environment.defer(concludeReading, this))
  }

  /** Draws the conclusion now, if one is still to be drawn. */
  concludeReading(): void {
    const conclude = this.#conclusion
    this.#conclusion = null
    conclude?.()
  }

  /** See `WebSocketSession.send`. */
  send(data: Outbound, options?: SendOptions): Promise<void> {
    this.#timeLimits?.active()
    return data instanceof Frame.Close
      ? this.close(data.readReason() ?? NORMAL)
      : this.writer.send(data, options)
  }

  /** See `SendChannel.trySend`. */
  trySend(data: Outbound): TrySendResult {
    this.#timeLimits?.active()
    if (!(data instanceof Frame.Close)) return this.writer.trySend(data)
    if (this.writer.isClosed) return 'closed'
    void this.close(data.readReason() ?? NORMAL)
    return 'sent'
  }

  /** The closing handshake, begun by us. Only the first call counts. */
  close(reason: CloseReason): Promise<void> {
    requireTravelling(reason)
    if (this.#ending.maySendClose) {
      this.#begin('local', reason, null)
      this.#sendClose(reason)
      this.#reading.close()
    }
    return this.writer.closed()
  }

  /** The peer's Close frame has arrived. `answer`: whether it is ours to answer it at once (§5.5.1). */
  peerClosed(reason: CloseReason | null, answer: boolean): void {
    this.#begin('remote', reportedReason(reason), null)
    this.#ending.closeReceived(reason)
    this.incoming.end()
    if (answer && this.#ending.maySendClose) {
      this.#sendClose(reason === null ? null : new CloseReason(reason.code))
    } else if (this.writer.isCloseWritten) {
      this.closeWritten()
    }
  }

  /**
   * Fails the connection (RFC 6455 §7.1.7): what was accepted goes out, then Close with `reason`, then TCP
   * ends, without waiting for the peer's Close. `incoming` fails with `cause`. Nothing that the peer sends is
   * looked at any more, nor kept.
   *
   * @param limit the limit that was reached, where `cause` does not say it itself.
   */
  fail(reason: CloseReason, cause: Error, limit: SessionLimitName | null = limitOf(cause)): void {
    this.#tellLimit(limit, cause)
    this.#begin('local', reason, cause)
    this.#decoder.stop()
    this.incoming.end(cause)
    this.#endAfterClose(reason)
  }

  /** An extension could not go on: the peer's fault if it says so, else ours. Nothing is read any more. */
  extensionFailed(error: unknown): void {
    this.#decoder.stop()
    if (error instanceof ProtocolViolation) {
      this.readingOver(() => this.fail(failureReason(error), error))
      return
    }
    this.observer.handlerFailed(error, this.#owner)
    const cause =
      error instanceof Error ? error : new TypeError('Cannot tell why the extension failed')
    this.fail(INTERNAL_ERROR, cause)
  }

  /**
   * Gives memory back, at once: what waits in either direction is dropped, then the connection is failed with
   * 1013. What the transport has been given cannot be taken back: if that is much, the connection is dropped.
   */
  shed(cause: MemoryBudgetError): void {
    // What is left of an ending grows no more, and has been promised to those who read.
    if (this.#ending.hasBegun) {
      this.writer.refuseWaiting()
      return
    }
    this.#tellLimit('memoryBudget', cause)
    this.#begin('local', TRY_AGAIN_LATER, cause)
    this.#decoder.stop()
    this.#level.discard()
    this.incoming.discard(cause)
    this.writer.discardQueue()
    this.#deadline?.dropped()
    this.#endAfterClose(TRY_AGAIN_LATER)
    if (this.heldBytes > SLAB_BYTES) this.#transport.abort()
  }

  #endAfterClose(reason: CloseReason): void {
    this.#endsAfterClose = true
    this.writer.refuseWaiting()
    if (this.#ending.maySendClose) this.#sendClose(reason)
    else if (this.writer.isCloseWritten) this.closeWritten()
  }

  /** The closing handshake because of our own trouble: as `close`, with a cause to report. */
  closeBecause(reason: CloseReason, cause: Error): void {
    this.#begin('local', reason, cause)
    void this.close(reason)
  }

  /** The server stops: Close 1001 with `message`, and the handler's loop ends now. */
  goAway(message: string = ''): void {
    this.#leave(message === '' ? GOING_AWAY : new CloseReason(GOING_AWAY.code, message), null)
  }

  /**
   * The handler has returned. A default session closes with 1000. A raw session sends what was
   * accepted, then TCP ends.
   */
  handlerReturned(): void {
    if (this.reason === null && this.incoming.channel.isAwaited) {
      this.observer.readingAbandoned?.(this.#owner)
    }
    if (this.#level instanceof RawLevel) {
      this.#drop()
      return
    }
    void this.close(NORMAL)
    this.incoming.discard()
  }

  /** The pings of the session; `member` is the name that they are asked by. */
  pings(member: string): DefaultLevel {
    if (this.#level instanceof DefaultLevel) return this.#level
    throw new TypeError(
      `Cannot use ${member} of a raw session: it sends no pings, expected webSocket()`,
    )
  }

  /** As `close`, but the handler's loop ends now, and not with the peer's answer. */
  #leave(reason: CloseReason, cause: Error | null): void {
    this.#begin('local', reason, cause)
    void this.close(reason)
    this.incoming.end()
  }

  /** What was accepted goes out, then TCP ends, without a Close frame. */
  #drop(): void {
    this.#begin('local', ABNORMAL, null)
    this.#decoder.stop()
    this.incoming.discard()
    if (this.#ending.maySendClose) {
      this.#endsAfterClose = true
      this.writer.finish()
    }
  }

  /** Drops everything at once. */
  terminate(): void {
    this.#begin('local', ABNORMAL, null)
    this.incoming.end()
    this.writer.abandon()
    this.#transport.abort()
  }

  /**
   * The peer is gone: `incoming` fails with `cause`, the session is over at once, and nothing that
   * waits is sent any more, even if the network comes back.
   */
  vanish(cause: Error): void {
    this.#begin('local', ABNORMAL, cause)
    this.incoming.end(cause)
    this.writer.abandon()
    this.#finish()
    this.#transport.abort()
  }

  /** The session is over for its handler, although the transport may still be ending. */
  finishNow(): void {
    this.#finish()
  }

  // What the two ways tell us

  pauseReading(reason: PauseReason): void {
    this.#reading.pause(reason)
  }

  resumeReading(reason: PauseReason): void {
    this.#reading.resume(reason)
  }

  incomingOver(): void {
    this.#reading.readOn()
  }

  readingStopped(stopped: boolean): void {
    this.#level.readingPaused(stopped)
    if (!stopped) this.#heartbeat?.readingResumed()
  }

  /**
   * Sends an unsolicited Pong, which asks for no answer (RFC 6455 §5.5.3). It is the one frame that a raw
   * session sends by itself: without it the end of a peer whose bytes are not read would not be noticed.
   */
  nudge(): void {
    if (this.writer.bufferedAmount === 0) this.writer.pong(EMPTY_BYTES)
  }

  incomingOverflowed(error: ChannelOverflowError): void {
    this.fail(VIOLATED_POLICY, error, 'channels.incoming')
  }

  outgoingOverflowed(error: ChannelOverflowError): void {
    this.fail(VIOLATED_POLICY, error, 'channels.outgoing')
  }

  endReceived(): Promise<void> | null {
    const share = loopShareOf(this.environment)
    share.spend(0)
    return share.delay(this)
  }

  rateExceeded(error: RateLimitError): void {
    this.fail(VIOLATED_POLICY, error)
  }

  buffered(bytes: number): void {
    this.observer.buffered(bytes, this.#owner)
  }

  framesWait(): void {
    waitingFramesOf(this.environment).add(this.incoming)
  }

  /** The transport has kept what it could not hand over. */
  writeQueued(): void {
    this.observer.buffered(this.#transport.queuedBytes, this.#owner)
    this.#progress ??= new WriteProgress(this.environment.clock, this.#transport)
    this.#progress.queued()
    const { writeTimeout } = this.settings
    if (writeTimeout === null || this.#ending.hasBegun) return
    this.#writeWatch ??= new WriteWatch(this.environment, this.#progress, writeTimeout, () =>
      this.#writeStoodStill(writeTimeout),
    )
    this.#writeWatch.queued()
  }

  frameDropped(direction: 'incoming' | 'outgoing', bytes: number): void {
    this.observer.frameDropped(direction, bytes, this.#owner)
  }

  /** The Close frame, or the last frame of a session that is dropped, has been given to the transport. */
  closeWritten(): void {
    const serverEndsFirst = this.#ending.isAgreed && this.settings.role === 'server' // §7.1.1
    if (serverEndsFirst || this.#endsAfterClose) this.#transport.end()
  }

  /** A peer that does not read cannot be told why. */
  #writeStoodStill(limitMs: number): void {
    const cause = new SessionTimeoutError('writeTimeout', limitMs)
    this.#tellLimit('writeTimeout', cause)
    this.#begin('local', ABNORMAL, cause)
    this.incoming.end(cause)
    this.writer.abandon()
    this.#transport.abort()
  }

  timeIsUp(cause: SessionTimeoutError): void {
    const { limitName } = cause
    if (limitName !== 'idleTimeout' && limitName !== 'maxSessionDuration') return
    this.#tellLimit(limitName, cause)
    this.#leave(TIME_IS_UP[limitName], cause)
  }

  /** Tells the owner how much more memory is kept than before for what has arrived in part. */
  #tellKept(): void {
    const kept = this.#decoder.keptBytes + this.#level.heldBytes
    if (kept > this.#keptBytes) this.observer.buffered(kept - this.#keptBytes, this.#owner)
    this.#keptBytes = kept
  }

  /** Only the first reason for an ending counts. */
  #tellLimit(limit: SessionLimitName | null, cause: Error): void {
    if (limit !== null && !this.#ending.hasBegun)
      this.observer.limitReached(limit, cause, this.#owner)
  }

  #rateLimits(): RateLimits {
    this.#rates ??= new RateLimits(this.environment, this.settings, this)
    return this.#rates
  }

  #sendClose(reason: CloseReason | null): void {
    this.#ending.closeSent(reason)
    this.writer.close(reason)
  }

  /** The first call decides how the session is said to have ended; one deadline covers all that follows. */
  #begin(initiator: CloseInfo['initiator'], reason: CloseReason, cause: Error | null): void {
    if (!this.#ending.begin(initiator, reason, cause)) return
    const { closeTimeout } = this.settings
    this.#deadline = new ClosingDeadline(this.environment, closeTimeout, this)
    this.#writeWatch?.stop()
    this.#timeLimits?.stop()
    this.#level.ending()
    this.#owner.ending(reason)
  }

  closingTimedOut(): void {
    // When the session is over for its handler (no pong came), that it ends slowly is no news.
    if (this.#info === null) {
      const { closeTimeout } = this.settings
      const error = new SessionTimeoutError('closeTimeout', closeTimeout)
      this.observer.limitReached('closeTimeout', error, this.#owner)
    }
    this.#transport.abort()
  }

  #finish(): void {
    if (this.#info !== null) return
    this.#info = this.#ending.info(this.writer.isCloseWritten)
    if (this.#info === null) return
    const info = this.#info
    const tell = (): void => {
      this.#owner.over(info)
      this.observer.closed(info, this.#owner)
    }
    if (this.observer.within === undefined) tell()
    else this.observer.within(tell, this.#owner)
  }
}

function concludeReading(core: SessionCore): void {
  core.concludeReading()
}
