/**
 * The end of one session, from the first reason to end until the transport is gone. Made when the
 * end begins.
 *
 * The table of `close-phase.ts` decides how far the closing handshake has come, and what each side
 * may still send: see `#moved`. One deadline covers the whole end.
 */

import type { Environment } from '../../base/internal.ts'
import { CloseReason, mayReceiveData, maySendData } from '../../protocol/internal.ts'
import type { CloseInfo } from '../close-info.ts'
import { SessionTimeoutError } from '../errors.ts'
import type { ReadHalf } from '../reading/read-half.ts'
import type { SessionExtensions } from '../session-extensions.ts'
import type { SessionOwner } from '../session-owner.ts'
import type { SessionObserver, SessionSettings } from '../settings.ts'
import type { WriteHalf } from '../writing/write-half.ts'
import { ClosingDeadline } from './closing-deadline.ts'
import type { Ending } from './ending.ts'

/** The session core, as its end sees it. */
export interface EndingSession {
  readonly settings: SessionSettings
  readonly environment: Environment
  readonly observer: SessionObserver
  readonly session: SessionOwner
  readonly read: ReadHalf
  readonly write: WriteHalf
  /** `null`: the handshake agreed on none. */
  readonly extensions: SessionExtensions | null
}

/** Ends one session. */
export class SessionEnd {
  readonly #core: EndingSession
  readonly #facts: Ending
  readonly #deadline: ClosingDeadline
  /** TCP ends as soon as our last frame is written, without the peer's Close (RFC 6455 §7.1.7). */
  #endsAfterClose = false

  constructor(core: EndingSession, facts: Ending) {
    this.#core = core
    this.#facts = facts
    const { closeTimeout } = core.settings
    this.#deadline = new ClosingDeadline(core.environment, closeTimeout, core, () =>
      this.#timedOut(closeTimeout),
    )
  }

  /** The value of `closeReason`. */
  get reason(): CloseReason {
    return this.#facts.reason
  }

  /** What went wrong, as far as it is known. */
  get cause(): Error | null {
    return this.#facts.cause
  }

  /** The value of `closed`; `null` until the session is over. */
  get info(): CloseInfo | null {
    return this.#facts.info
  }

  /** Whether this side may still send a Close frame. */
  get maySendClose(): boolean {
    return this.#facts.maySendClose
  }

  /** Sends our Close frame, an empty one for `null`, behind everything that was accepted. */
  sendClose(reason: CloseReason | null): void {
    this.#facts.closeSent(reason)
    this.#moved()
    this.#core.write.end({ reason })
  }

  /**
   * Sends our Close frame if that may still be sent, and then ends TCP without waiting for the
   * peer's Close frame. The senders that wait for room are refused.
   */
  endAfterClose(reason: CloseReason): void {
    this.#endsAfterClose = true
    this.#core.write.backlog?.refuseWaiting()
    if (this.maySendClose) this.sendClose(reason)
    else if (this.#core.write.isCloseWritten) this.closeWritten()
  }

  /** Ends TCP behind everything that was accepted, without a Close frame if none was sent. */
  endWithoutClose(): void {
    if (!this.maySendClose) return
    this.#endsAfterClose = true
    this.#core.write.isOpen = false
    this.#core.write.end('none')
  }

  /** The peer's Close frame has arrived. `answer`: it is answered here (RFC 6455 §5.5.1). */
  peerClosed(reason: CloseReason | null, answer: boolean): void {
    // Bytes of the peer must not lead to an error of the table, whatever their order was.
    if (this.#facts.isGone) return
    this.#facts.closeReceived(reason)
    this.#moved()
    if (answer && this.maySendClose) {
      // The answer repeats the code, not the message.
      const isBare = reason === null || reason.message === ''
      this.sendClose(isBare ? reason : new CloseReason(reason.code))
    } else if (this.#core.write.isCloseWritten) {
      this.closeWritten()
    }
  }

  /** The peer will send nothing more (FIN), and everything that it sent has been decoded. */
  endReached(): void {
    const { write } = this.#core
    const wasOpen = write.isOpen
    // What the handler has just sent in answer to the last messages waits for the turn to end.
    if (wasOpen) void write.flush()
    this.#facts.transportEnded()
    this.#moved()
    if (wasOpen) {
      write.abandon()
      write.transport.end()
    } else {
      // The peer sends no more but may still read: what was accepted goes out, and our Close frame.
      this.#endsAfterClose = true
      if (write.isCloseWritten) write.transport.end()
    }
  }

  /** The last bytes have been given to the transport. */
  closeWritten(): void {
    // RFC 6455 §7.1.1: the server ends TCP first. Either side may end a stream.
    const { isAgreed } = this.#facts
    const { transport } = this.#core.write
    const isOurTurn = isAgreed && (transport.isShared || this.#core.settings.role === 'server')
    if (isOurTurn || this.#endsAfterClose) transport.end(isAgreed)
  }

  /** Frames that waited have been dropped: that is no progress of the end. */
  queueDropped(): void {
    this.#deadline.dropped()
  }

  /** The transport is gone: everything is released, and the session is over. */
  transportClosed(cause: Error | null): void {
    this.#facts.transportFailed(cause)
    this.#facts.transportEnded()
    this.#moved()
    this.#deadline.cancel()
    this.#core.read.release()
    this.#core.write.abandon()
    this.#core.extensions?.dispose()
    this.finish()
  }

  /** The session is over for its handler, although the transport may still be ending. */
  finish(): void {
    if (this.info !== null) return
    const { write, session, observer } = this.#core
    const info = this.#facts.finish(write.isCloseWritten)
    const tell = (): void => {
      session.over(info)
      observer.closed(info, session)
    }
    if (observer.within === undefined) tell()
    else observer.within(tell, session)
  }

  /** The closing handshake has moved on: the table says what each side may still send. */
  #moved(): void {
    const { phase } = this.#facts
    if (!maySendData(phase)) this.#core.write.isOpen = false
    if (!mayReceiveData(phase)) this.#core.read.ending.end()
  }

  #timedOut(limitMs: number): void {
    // A session that is over for its handler (no pong came) may end slowly: that is no news.
    if (this.info === null) {
      const error = new SessionTimeoutError('closeTimeout', limitMs)
      this.#facts.timedOut(error)
      this.#core.observer.limitReached('closeTimeout', error, this.#core.session)
    }
    this.#core.write.transport.abort()
  }
}
