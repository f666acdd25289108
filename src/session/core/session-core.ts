/**
 * The core of one session: it begins the session, and it is the one place where the end begins.
 *
 * The core owns both halves. They report what happens on the wire (`HalfOwner`). The session that
 * the handler holds reports what the handler wants. The first reason to end makes a `SessionEnd`,
 * which carries the end through.
 */

import type { Environment } from '../../base/internal.ts'
import { CloseReason, requireTravelling } from '../../protocol/internal.ts'
import type { CloseInfo } from '../close-info.ts'
import { type MemoryBudgetError, PingTimeoutError, SessionTimeoutError } from '../errors.ts'
import { GOING_AWAY, NORMAL, TIME_IS_UP, TRY_AGAIN_LATER } from '../failure-reason.ts'
import type { HalfOwner } from '../half-owner.ts'
import { limitOf, type SessionLimitName } from '../limit-name.ts'
import { ReadHalf } from '../reading/read-half.ts'
import { SessionExtensions } from '../session-extensions.ts'
import type { SessionHoldings } from '../session-holdings.ts'
import type { SessionOwner } from '../session-owner.ts'
import type { SessionObserver, SessionSettings } from '../settings.ts'
import type { Transport } from '../transport.ts'
import { SLAB_BYTES } from '../writing/output.ts'
import type { SessionHome } from '../writing/session-home.ts'
import { WriteHalf } from '../writing/write-half.ts'
import { ABNORMAL, Ending, reportedReason } from './ending.ts'
import { PING_TIMEOUT, Pings } from './pings.ts'
import { SessionEnd } from './session-end.ts'
import { createTimeLimits, type TimeLimits } from './time-limits.ts'

/** Owns the parts of one session. */
export class SessionCore implements HalfOwner {
  readonly session: SessionOwner
  readonly extensions: SessionExtensions | null
  readonly activity: TimeLimits | null
  readonly write: WriteHalf
  readonly read: ReadHalf
  /** `null` until the end begins. */
  ending: SessionEnd | null = null
  /** Made for sessions that ping, or whose handler asks for the times of pings. */
  pings: Pings | null = null
  readonly #home: SessionHome
  #keptBytes = 0
  #hasStarted = false

  constructor(transport: Transport, home: SessionHome, session: SessionOwner) {
    this.#home = home
    this.session = session
    this.activity = createTimeLimits(home.environment, home.settings, this, (limit, limitMs) =>
      this.timeIsUp(limit, limitMs),
    )
    this.extensions = SessionExtensions.open(home.settings, home.environment, this)
    this.write = new WriteHalf(this, home, transport)
    this.read = new ReadHalf(this, home)
  }

  get settings(): SessionSettings {
    return this.#home.settings
  }

  get environment(): Environment {
    return this.#home.environment
  }

  get observer(): SessionObserver {
    return this.#home.observer
  }

  /** Begins to read and to ping. Frames that arrive before the handler runs wait in `incoming`. */
  start(): void {
    this.#hasStarted = true
    if (this.#home.kind === 'default' && this.settings.pingInterval !== null) this.openPings()
    this.activity?.start()
    this.write.transport.start(this.read)
  }

  /**
   * Returns the pings of the session.
   *
   * @param member the member of the session that needs them, for the error message.
   * @throws {TypeError} for a raw session, which sends no pings.
   */
  pingsFor(member: string): Pings {
    if (this.#home.kind === 'default') return this.openPings()
    throw new TypeError(
      `Cannot use ${member} of a raw session: it sends no pings, expected webSocket()`,
    )
  }

  /** Bytes that the code which opened the session keeps as long as the session lasts. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  set keptBytes(bytes: number) {
    this.#keptBytes = bytes
    this.observer.buffered(bytes)
  }

  /** Bytes that the session keeps in memory, in both directions. */
  get heldBytes(): number {
    return this.read.heldBytes + this.outgoingBytes
  }

  /** Measures the memory that the session takes, and the bytes that have moved. */
  measure(): SessionHoldings {
    const { read, write } = this
    return {
      incoming: read.heldBytes,
      outgoing: this.outgoingBytes,
      received: read.received,
      handed: write.backlog?.handed ?? -write.transport.queuedBytes,
    }
  }

  // Calls of the handler, and of the code that opened the session

  /**
   * Begins the closing handshake, because of `cause` if it is given. Only the first call counts.
   */
  close(reason: CloseReason, cause: Error | null = null): Promise<void> {
    requireTravelling(reason)
    if (this.ending === null || this.ending.maySendClose) {
      this.begin('local', reason, cause).sendClose(reason)
      this.read.ending.close()
    }
    return this.write.closed()
  }

  /**
   * The handler has returned. A default session closes with 1000. A raw session sends what was
   * accepted, then TCP ends without a Close frame.
   */
  handlerReturned(): void {
    if (this.ending === null && this.read.channel.isAwaited) {
      this.observer.readingAbandoned?.(this.session)
    }
    if (this.#home.kind === 'default') {
      void this.close(NORMAL)
      this.read.ending.discard()
      return
    }
    const ending = this.begin('local', ABNORMAL, null)
    this.read.stopDecoding()
    this.read.ending.discard()
    ending.endWithoutClose()
  }

  /** The server stops: Close 1001 with `message`, and the handler's loop ends now. */
  goAway(message: string = ''): void {
    this.leave(message === '' ? GOING_AWAY : new CloseReason(GOING_AWAY.code, message), null)
  }

  /**
   * Drops the connection at once, without a Close frame: `incoming` fails with `cause` if there is
   * one, and everything that waits to be sent is lost.
   */
  terminate(cause: Error | null = null): void {
    if (cause !== null) this.reportLimit(limitOf(cause), cause)
    this.begin('local', ABNORMAL, cause)
    this.read.ending.end(cause ?? undefined)
    this.write.isOpen = false
    this.write.abandon()
    this.write.transport.abort()
  }

  /**
   * Gives memory back at once: what waits in either direction is dropped, then the session fails
   * with 1013. Bytes that the transport has cannot be taken back: if they are many, it is aborted.
   */
  shed(cause: MemoryBudgetError): void {
    // A session that is ending grows no more, and the handler may still be reading.
    if (this.ending !== null) {
      this.write.backlog?.refuseWaiting()
      return
    }
    this.reportLimit('memoryBudget', cause)
    const ending = this.begin('local', TRY_AGAIN_LATER, cause)
    this.read.release()
    this.read.ending.discard(cause)
    this.write.backlog?.discardQueue()
    ending.queueDropped()
    ending.endAfterClose(TRY_AGAIN_LATER)
    if (this.heldBytes > SLAB_BYTES) this.write.transport.abort()
  }

  // Calls of the halves: see `HalfOwner`

  fail(reason: CloseReason, cause: Error, limit: SessionLimitName | null = limitOf(cause)): void {
    this.reportLimit(limit, cause)
    const ending = this.begin('local', reason, cause)
    this.read.stopDecoding()
    this.read.ending.end(cause)
    ending.endAfterClose(reason)
  }

  peerClosed(reason: CloseReason | null, answer: boolean): void {
    this.begin('remote', reportedReason(reason), null).peerClosed(reason, answer)
  }

  endReached(): void {
    this.read.ending.conclude()
    this.begin('none', ABNORMAL, null).endReached()
  }

  transportClosed(cause: Error | null): void {
    this.begin('none', ABNORMAL, null).transportClosed(cause)
  }

  closeWritten(): void {
    this.ending?.closeWritten()
  }

  private get outgoingBytes(): number {
    return this.write.bufferedAmount + (this.write.backlog?.waitingCost ?? 0)
  }

  private openPings(): Pings {
    if (this.pings !== null) return this.pings
    this.pings = new Pings(this.environment, this.settings, this, (timeoutMs) => {
      // The session is over at once: a peer that has gone will not answer a Close frame either.
      this.fail(PING_TIMEOUT, new PingTimeoutError(timeoutMs))
      this.ending?.finish()
    })
    this.pings.pause(this.read.heldBack?.isStopped === true)
    if (this.#hasStarted && this.ending === null) this.pings.start()
    return this.pings
  }

  private timeIsUp(limit: 'idleTimeout' | 'maxSessionDuration', limitMs: number): void {
    const cause = new SessionTimeoutError(limit, limitMs)
    this.reportLimit(limit, cause)
    this.leave(TIME_IS_UP[limit], cause)
  }

  /** Closes, but ends the handler's loop now, and not with the peer's answer. */
  private leave(reason: CloseReason, cause: Error | null): void {
    void this.close(reason, cause)
    this.read.ending.end()
  }

  /** The first call decides how the session is reported to have ended. */
  private begin(
    initiator: CloseInfo['initiator'],
    reason: CloseReason,
    cause: Error | null,
  ): SessionEnd {
    if (this.ending !== null) return this.ending
    const ending = new SessionEnd(this, new Ending(initiator, reason, cause))
    this.ending = ending
    this.write.backlog?.stopWatch()
    this.activity?.stop()
    this.pings?.stop()
    this.session.ending(reason)
    return ending
  }

  /** Reports a limit. Only the first reason to end is reported. */
  private reportLimit(limit: SessionLimitName | null, cause: Error): void {
    if (limit === null || this.ending !== null) return
    this.observer.limitReached(limit, cause, this.session)
  }
}
