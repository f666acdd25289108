/**
 * The core of one session: it begins the session, and it is the one place that ends it.
 *
 * It owns both halves. They report what happens on the wire (`HalfOwner`); the session that the
 * handler holds reports what the handler wants. The table of `close-phase.ts` decides how far the
 * closing handshake has come, and what either side may still send: see `#moved`.
 */

import type { Environment } from '../../base/internal.ts'
import {
  CloseReason,
  mayReceiveData,
  maySendData,
  ProtocolViolation,
  requireTravelling,
} from '../../protocol/internal.ts'
import type { CloseInfo } from '../close-info.ts'
import { type MemoryBudgetError, SessionTimeoutError } from '../errors.ts'
import { failureReason, INTERNAL_ERROR, TIME_IS_UP, TRY_AGAIN_LATER } from '../failure-reason.ts'
import type { HalfOwner } from '../half-owner.ts'
import { limitOf, type SessionLimitName } from '../limit-name.ts'
import { ReadHalf } from '../reading/read-half.ts'
import { SessionExtensions } from '../session-extensions.ts'
import type { SessionHoldings } from '../session-holdings.ts'
import type { SessionOwner } from '../session-owner.ts'
import type { SessionObserver, SessionSettings } from '../settings.ts'
import type { Transport } from '../transport.ts'
import { SLAB_BYTES } from '../writing/output.ts'
import { WriteHalf } from '../writing/write-half.ts'
import { ClosingDeadline } from './closing-deadline.ts'
import { ABNORMAL, Ending, reportedReason } from './ending.ts'
import { PING_TIMEOUT, Pings } from './pings.ts'
import { createTimeLimits, type TimeLimits } from './time-limits.ts'

const NORMAL = new CloseReason(CloseReason.Codes.NORMAL)
const GOING_AWAY = new CloseReason(CloseReason.Codes.GOING_AWAY)

/** Begins and ends one session. */
export class SessionCore implements HalfOwner {
  readonly settings: SessionSettings
  readonly environment: Environment
  readonly observer: SessionObserver
  readonly session: SessionOwner
  readonly extensions: SessionExtensions | null
  readonly activity: TimeLimits | null
  readonly write: WriteHalf
  readonly read: ReadHalf
  /** How the session ends. */
  readonly ending: Ending = new Ending()
  #keptBytes = 0
  readonly #transport: Transport
  readonly #kind: 'default' | 'raw'
  /** Made for sessions that ping, or whose handler asks for the times of pings. */
  pings: Pings | null = null
  #hasStarted = false
  /** Set when the end begins. */
  #deadline: ClosingDeadline | null = null
  /** TCP ends as soon as our last frame is written, without the peer's Close (RFC 6455 §7.1.7). */
  #endsAfterClose = false

  constructor(
    transport: Transport,
    settings: SessionSettings,
    environment: Environment,
    observer: SessionObserver,
    session: SessionOwner,
    kind: 'default' | 'raw',
  ) {
    this.settings = settings
    this.environment = environment
    this.observer = observer
    this.session = session
    this.#transport = transport
    this.#kind = kind
    this.activity = createTimeLimits(environment, settings, {
      busyAt: () =>
        this.read.isHeldBack
          ? environment.clock.now()
          : (this.write.backlog?.movedOutAt ?? -Infinity),
      timeIsUp: (limit, limitMs) => this.#timeIsUp(limit, limitMs),
    })
    this.extensions = SessionExtensions.open(settings, environment, (error) =>
      this.#extensionFailed(error),
    )
    this.write = new WriteHalf(this, transport)
    this.read = new ReadHalf(this, transport, this.write, kind)
  }

  /** Begins to read, and to ping. What arrives before the handler runs waits in `incoming`. */
  start(): void {
    this.#hasStarted = true
    if (this.#kind === 'default' && this.settings.pingInterval !== null) this.#openPings()
    this.activity?.start()
    this.#transport.start(this.read)
  }

  /** The pings of the session, which code asks for by the name of `member`. */
  pingsFor(member: string): Pings {
    if (this.#kind === 'default') return this.#openPings()
    throw new TypeError(
      `Cannot use ${member} of a raw session: it sends no pings, expected webSocket()`,
    )
  }

  /** Bytes that the owner of the session keeps as long as the session lasts. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  set keptBytes(bytes: number) {
    this.#keptBytes = bytes
    this.observer.buffered(bytes, this.session)
  }

  /** Bytes that the session keeps in memory, in both directions. */
  get heldBytes(): number {
    return this.read.heldBytes + this.write.heldBytes
  }

  /** The same by direction, and the bytes that have moved. */
  measure(): SessionHoldings {
    const { read, write } = this
    return {
      incoming: read.heldBytes,
      outgoing: write.heldBytes,
      received: read.received,
      handed: write.backlog?.handed ?? -write.transport.queuedBytes,
    }
  }

  // The end, as the handler and the owner of the session want it

  /** Begins the closing handshake, because of `cause` if it is given. Only the first call counts. */
  close(reason: CloseReason, cause: Error | null = null): Promise<void> {
    requireTravelling(reason)
    if (this.ending.maySendClose) {
      this.#begin('local', reason, cause)
      this.#sendClose(reason)
      this.read.closing()
    }
    return this.write.closed()
  }

  /**
   * The handler has returned. A default session closes with 1000. A raw session sends what was
   * accepted, then TCP ends without a Close frame.
   */
  handlerReturned(): void {
    if (!this.ending.hasBegun && this.read.channel.isAwaited) {
      this.observer.readingAbandoned?.(this.session)
    }
    if (this.#kind === 'default') {
      void this.close(NORMAL)
      this.read.discard()
      return
    }
    this.#begin('local', ABNORMAL, null)
    this.read.stopDecoding()
    this.read.discard()
    if (!this.ending.maySendClose) return
    this.#endsAfterClose = true
    this.write.isOpen = false
    this.write.end('none')
  }

  /** The server stops: Close 1001 with `message`, and the handler's loop ends now. */
  goAway(message: string = ''): void {
    this.#leave(message === '' ? GOING_AWAY : new CloseReason(GOING_AWAY.code, message), null)
  }

  /** Drops everything at once. */
  terminate(): void {
    this.#abort(ABNORMAL, null, undefined)
  }

  /**
   * The peer is gone: `incoming` fails with `cause`, the session is over at once, and nothing that
   * waits is sent any more, even if the network comes back.
   */
  vanish(cause: Error): void {
    this.#begin('local', ABNORMAL, cause)
    this.read.end(cause)
    this.#abandonWrites()
    this.#finish()
    this.#transport.abort()
  }

  /**
   * Gives memory back at once: what waits in either direction is dropped, then the session fails
   * with 1013. Bytes that the transport has cannot be taken back: if they are many, it is aborted.
   */
  shed(cause: MemoryBudgetError): void {
    // What is left of an ending grows no more, and the handler may still be reading it.
    if (this.ending.hasBegun) {
      this.write.backlog?.refuseWaiting()
      return
    }
    this.#tellLimit('memoryBudget', cause)
    this.#begin('local', TRY_AGAIN_LATER, cause)
    this.read.release()
    this.read.discard(cause)
    this.write.backlog?.discardQueue()
    this.#deadline?.dropped()
    this.#endAfterClose(TRY_AGAIN_LATER)
    if (this.heldBytes > SLAB_BYTES) this.#transport.abort()
  }

  // What the halves report: see `HalfOwner`

  /**
   * Fails the connection (RFC 6455 §7.1.7): what was accepted goes out, then Close with `reason`,
   * then TCP ends, without waiting for the peer's Close. Later bytes of the peer are dropped.
   *
   * @param limit the limit that was reached; by default the one that `cause` names.
   */
  fail(reason: CloseReason, cause: Error, limit: SessionLimitName | null = limitOf(cause)): void {
    this.#tellLimit(limit, cause)
    this.#begin('local', reason, cause)
    this.read.stopDecoding()
    this.read.end(cause)
    this.#endAfterClose(reason)
  }

  peerClosed(reason: CloseReason | null, answer: boolean): void {
    this.#begin('remote', reportedReason(reason), null)
    this.ending.closeReceived(reason)
    this.#moved()
    if (answer && this.ending.maySendClose) {
      this.#sendClose(reason === null ? null : new CloseReason(reason.code))
    } else if (this.write.isCloseWritten) {
      this.closeWritten()
    }
  }

  endReached(): void {
    this.read.conclude()
    this.#begin('none', ABNORMAL, null)
    const wasOpen = this.write.isOpen
    // What the handler has just sent in answer to the last messages waits for the turn to end.
    if (wasOpen) void this.write.flush()
    this.ending.transportEnded()
    this.#moved()
    if (wasOpen) {
      this.write.abandon()
      this.#transport.end()
    } else {
      // The peer says no more but may still read: what was accepted goes out, and our Close frame.
      this.#endsAfterClose = true
      if (this.write.isCloseWritten) this.#transport.end()
    }
  }

  transportClosed(cause: Error | null): void {
    this.#begin('none', ABNORMAL, null)
    this.ending.transportFailed(cause)
    this.ending.transportEnded()
    this.#moved()
    this.#deadline?.cancel()
    this.read.release()
    this.write.abandon()
    this.extensions?.dispose()
    this.#finish()
  }

  closeWritten(): void {
    const serverEndsFirst = this.ending.isAgreed && this.settings.role === 'server' // §7.1.1
    if (serverEndsFirst || this.#endsAfterClose) this.#transport.end()
  }

  writeStoodStill(limitMs: number): void {
    // A peer that does not read cannot be told why.
    const cause = new SessionTimeoutError('writeTimeout', limitMs)
    this.#tellLimit('writeTimeout', cause)
    this.#abort(ABNORMAL, cause, cause)
  }

  #openPings(): Pings {
    if (this.pings !== null) return this.pings
    this.pings = new Pings(this.environment, this.settings, this, (cause) => {
      // The session is over at once: a peer that has gone will not answer a Close frame either.
      this.fail(PING_TIMEOUT, cause)
      this.#finish()
    })
    this.pings.pause(this.read.isStopped)
    if (this.#hasStarted && !this.ending.hasBegun) this.pings.start()
    return this.pings
  }

  #timeIsUp(limit: 'idleTimeout' | 'maxSessionDuration', limitMs: number): void {
    const cause = new SessionTimeoutError(limit, limitMs)
    this.#tellLimit(limit, cause)
    this.#leave(TIME_IS_UP[limit], cause)
  }

  /** An extension failed: the peer's fault if the error says so, else ours. Reading ends. */
  #extensionFailed(error: unknown): void {
    this.read.stopDecoding()
    if (error instanceof ProtocolViolation) {
      this.read.concludeWith(() => this.fail(failureReason(error), error))
      return
    }
    this.observer.handlerFailed(error, this.session)
    const cause =
      error instanceof Error ? error : new TypeError('Cannot tell why the extension failed')
    this.fail(INTERNAL_ERROR, cause)
  }

  /** As `close`, but the handler's loop ends now, and not with the peer's answer. */
  #leave(reason: CloseReason, cause: Error | null): void {
    void this.close(reason, cause)
    this.read.end()
  }

  /** Ends the transport at once, without a Close frame. */
  #abort(reason: CloseReason, cause: Error | null, readCause: Error | undefined): void {
    this.#begin('local', reason, cause)
    this.read.end(readCause)
    this.#abandonWrites()
    this.#transport.abort()
  }

  #abandonWrites(): void {
    this.write.isOpen = false
    this.write.abandon()
  }

  #endAfterClose(reason: CloseReason): void {
    this.#endsAfterClose = true
    this.write.backlog?.refuseWaiting()
    if (this.ending.maySendClose) this.#sendClose(reason)
    else if (this.write.isCloseWritten) this.closeWritten()
  }

  #sendClose(reason: CloseReason | null): void {
    this.ending.closeSent(reason)
    this.#moved()
    this.write.end({ reason })
  }

  /** The closing handshake has moved on: the table says what either side may still send. */
  #moved(): void {
    const { phase } = this.ending
    if (!maySendData(phase)) this.write.isOpen = false
    if (!mayReceiveData(phase)) this.read.end()
  }

  /** The first call decides how the session ended. One deadline covers all that follows. */
  #begin(initiator: CloseInfo['initiator'], reason: CloseReason, cause: Error | null): void {
    if (!this.ending.begin(initiator, reason, cause)) return
    const { closeTimeout } = this.settings
    this.#deadline = new ClosingDeadline(this.environment, closeTimeout, this, () =>
      this.#closingTimedOut(closeTimeout),
    )
    this.write.backlog?.stopWatch()
    this.activity?.stop()
    this.pings?.stop()
    this.session.ending(reason)
  }

  #closingTimedOut(limitMs: number): void {
    // A session that is over for its handler (no pong came) may end slowly: that is no news.
    if (this.ending.info === null) {
      const error = new SessionTimeoutError('closeTimeout', limitMs)
      this.observer.limitReached('closeTimeout', error, this.session)
    }
    this.#transport.abort()
  }

  /** Only the first reason for an ending counts. */
  #tellLimit(limit: SessionLimitName | null, cause: Error): void {
    if (limit === null || this.ending.hasBegun) return
    this.observer.limitReached(limit, cause, this.session)
  }

  /** The session is over for its handler, although the transport may still be ending. */
  #finish(): void {
    if (this.ending.info !== null) return
    const info = this.ending.finish(this.write.isCloseWritten)
    if (info === null) return
    const tell = (): void => {
      this.session.over(info)
      this.observer.closed(info, this.session)
    }
    if (this.observer.within === undefined) tell()
    else this.observer.within(tell, this.session)
  }
}
