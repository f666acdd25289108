/**
 * The session of a page: the same members as everywhere, over what the browser does by itself.
 *
 * The browser answers pings and Close frames, masks, puts messages together and checks text. What is left is to
 * bound both directions, and to say once, and truly, how it ended.
 */

import type { Clock } from '../../base/index.ts'
import { ScopeEndedError } from '../../base/index.ts'
import { Deferred, type HasClock, TaskScope } from '../../base/internal.ts'
import {
  ChannelOverflowError,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
} from '../../channels/index.ts'
import { BufferedChannel, ChannelSettings, NOTHING, toCause } from '../../channels/internal.ts'
import type { ClientSession } from '../../client/index.ts'
import { ConnectError } from '../../client/portable.ts'
import { BinaryFrame, CloseReason, TextFrame } from '../../protocol/portable.ts'
import type { CloseInfo, Outbound } from '../../session/index.ts'
import type { HeartbeatListener } from '../../session/internal.ts'
import type { BrowserSettings } from './browser-options.ts'
import { GOING_AWAY, INTERNAL_ERROR, requireBrowserCode, VIOLATED_POLICY } from './close-codes.ts'
import { MessagesLostError } from './errors.ts'
import { type Message, messageOf, ownMessageOf, sizeOfMessage } from './message.ts'
import type { PageEvent } from './platform.ts'
import type { Wire, WireEnd, WireReceiver } from './wire.ts'

const NORMAL = new CloseReason(CloseReason.Codes.NORMAL)
const ABNORMAL = new CloseReason(CloseReason.Codes.CLOSED_ABNORMALLY)

/** What a frame costs beyond its payload, or empty ones would be free. */
const FRAME_COST_BYTES = 64

/** What a page receives. */
type MessageFrame = TextFrame | BinaryFrame

/** How the ending began. */
type Beginning = Pick<CloseInfo, 'reason' | 'initiator' | 'cause'>

/** A session over one wire. Its functions are fields: all members may be destructured. */
export class BrowserSession implements ClientSession, WireReceiver, HasClock {
  readonly url: string
  readonly incoming: BufferedChannel<MessageFrame>
  readonly outgoing: BufferedChannel<Outbound>
  readonly signal: AbortSignal
  readonly closeReason: Promise<CloseReason>
  readonly closed: Promise<CloseInfo>
  protocol: string | null = null
  /** A browser does not show a message before it is whole. */
  readonly received: number = 0
  isReadingStopped = false
  #heartbeat: HeartbeatListener | null = null
  readonly #settings: BrowserSettings
  readonly #clock: Clock
  readonly #hint: string
  readonly #wire: Wire
  readonly #scope: TaskScope
  readonly #opening = new Deferred<void>()
  readonly #reason = new Deferred<CloseReason>()
  readonly #closed = new Deferred<CloseInfo>()
  /** Settled when our Close frame is the browser's, or there will be none. */
  readonly #closing = new Deferred<void>()
  /** What the block, or a task, failed with: the first. */
  #failure: { readonly error: unknown } | null = null
  #beginning: Beginning | null = null
  #hasSentClose = false
  #isPumping = false
  #deadline: Disposable | null = null

  /**
   * @param wire made in this turn.
   * @param hint what the reader of a failed handshake may look for; `''`: nothing.
   */
  constructor(wire: Wire, settings: BrowserSettings, clock: Clock, hint: string = '') {
    this.#hint = hint
    // Credentials in it are between the page and its browser.
    this.url = wire.url.replace(/\/\/[^/]*@/, '//')
    this.#wire = wire
    this.#settings = settings
    this.#clock = clock
    const onClose = (_: null, cause: Error | null): void => this.#channelClosed(cause)
    const resume = (): void => this.#resume()
    this.incoming = new BufferedChannel(incomingSettings(settings, wire.canSuspend), {
      owner: null,
      hooks: { onRoom: resume, onCancel: resume, onClose, clock: () => clock },
    })
    this.outgoing = new BufferedChannel<Outbound>(
      new ChannelSettings({ ...settings.outgoing, sizeOf: sizeOfMessage }),
      {
        owner: null,
        hooks: {
          admit: (_, data) => ownMessageOf(data),
          onBuffered: () => this.#pump(),
          onClose,
        },
      },
    )
    this.#scope = new TaskScope({
      onFailure: (error) => this.#failed(error),
      isFailure: (error) => !this.#saysThatItEnds(error),
    })
    this.signal = this.#scope.signal
    this.closeReason = this.#reason.promise
    this.closed = this.#closed.promise
    // Removed when the session is over.
    settings.signal?.addEventListener('abort', this.#leave, { signal: this.signal })
    wire.start(this)
  }

  /** For code that needs the time of this session. */
  get clock(): Clock {
    return this.#clock
  }

  get bufferedAmount(): number {
    return this.outgoing.bytes + this.#wire.bufferedAmount
  }

  /** For heartbeats: `WebSocketStream` tells that a message has gone, and not how far it is. */
  get hiddenAmount(): number {
    return this.#wire.canSuspend ? this.#wire.bufferedAmount : 0
  }

  readonly send: ClientSession['send'] = (data, options) => this.outgoing.send(data, options)

  readonly close: ClientSession['close'] = (reason = NORMAL) => {
    requireBrowserCode(reason)
    this.#closeWith(reason, null)
    return this.#closing.promise
  }

  readonly launch: ClientSession['launch'] = (task) => this.#scope.launch(task)

  async [Symbol.asyncDispose](): Promise<void> {
    void this.close()
    this.incoming.cancel()
    await this.closed
    await this.#scope.join()
  }

  /** Resolves when there is a connection, rejects when there is none. */
  get opening(): Promise<void> {
    return this.#opening.promise
  }

  /** Gives up the handshake: `opening` rejects with `error`. @returns whether it did; `false` when that was over. */
  abandon(error: unknown): boolean {
    const isAbandoned = this.#opening.reject(error)
    if (isAbandoned) this.#wire.close(NORMAL.code, '')
    return isAbandoned
  }

  /**
   * Runs `block` with this session and ends it as the block has ended: 1000, or 4011 if it failed. Waits until the
   * closing handshake and all launched tasks are done.
   *
   * @throws (by rejecting) what the block or a task failed with, whichever was first; else the reason of the signal, if
   *   that fired before the block ended; else what the block threw because the session was ending.
   */
  async run<T>(block: (session: ClientSession) => Promise<T> | T): Promise<T> {
    const { signal } = this.#settings
    let outcome: () => T
    try {
      const value = await block(this)
      outcome = () => value
    } catch (error) {
      if (!this.#saysThatItEnds(error)) this.#failed(error)
      outcome = () => {
        throw error
      }
    }
    const wasAborted = signal?.aborted === true
    await this[Symbol.asyncDispose]()
    if (this.#failure !== null) throw this.#failure.error
    if (wasAborted) throw signal?.reason
    return outcome()
  }

  /** The user leaves the page. If the browser may keep the page, it keeps the connection too, and must not. */
  readonly pageHidden = ({ persisted }: PageEvent): void => {
    if (persisted === false) return
    this.#closeWith(new CloseReason(GOING_AWAY), null)
    this.#giveUp()
  }

  opened(protocol: string): void {
    this.protocol = protocol || null
    this.#opening.resolve()
  }

  receive(message: Message): boolean {
    this.#heartbeat?.heard()
    const isText = typeof message === 'string'
    if (isText && this.#heartbeat?.takes(message) === true) return true
    const frame = isText ? new TextFrame(message) : new BinaryFrame(message)
    const isFull = this.incoming.trySend(frame) === 'full'
    // It has come and cannot be sent back: the last one for now.
    if (isFull) this.incoming.offer(frame)
    this.isReadingStopped = isFull && this.#wire.canSuspend
    return !isFull
  }

  listen(listener: HeartbeatListener): void {
    this.#heartbeat = listener
  }

  vanish(cause: Error): void {
    this.#begin('local', ABNORMAL, cause)
    this.incoming.close(cause)
    this.#wire.close(NORMAL.code, '', true)
    this.ended({ code: ABNORMAL.code, reason: '', clean: false, isCut: false })
  }

  drained(): void {
    this.#pump()
  }

  ended({ code, reason, clean, isCut }: WireEnd): void {
    if (this.#closed.isSettled) return
    this.#opening.reject(
      new ConnectError('connect', `the browser does not tell a page why${this.#hint}`),
    )
    const remote = code === ABNORMAL.code ? null : new CloseReason(code, reason)
    const cause = isCut ? new MessagesLostError() : null
    const begun = this.#begin(remote === null ? 'none' : 'remote', remote ?? ABNORMAL, cause)
    this.#deadline?.[Symbol.dispose]()
    this.outgoing.cancel()
    this.incoming.close(cause)
    this.#closing.resolve()
    // What a browser answers to the peer's Close frame is its code (RFC 6455 §5.5.1).
    const answer = clean ? new CloseReason(code) : null
    const local = this.#hasSentClose ? begun.reason : answer
    this.#closed.resolve({ ...begun, local, remote, clean })
    this.#scope.abort()
  }

  /** Moves what was sent into the browser, as far as that has room, and the Close frame behind it. */
  #pump(): void {
    // To take a frame lets waiting senders in, which calls this again.
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.outgoing.size > 0 && this.#wire.mayWrite()) {
      const data = this.outgoing.takeNext()
      if (data !== NOTHING) this.#wire.write(messageOf(data))
    }
    this.#isPumping = false
    if (this.outgoing.size === 0) this.#sendClose()
  }

  #closeWith(reason: CloseReason, cause: Error | null): void {
    if (this.#beginning !== null) return
    this.#deadline ??= this.#clock.setTimer(this.#settings.closeTimeout, () => this.#giveUp())
    // A browser that has the peer's Close frame already sends no other than its answer.
    if (!this.#wire.isEnding) this.#begin('local', reason, cause)
    // Senders that wait for room have called before: what they send goes out before the Close frame.
    this.outgoing.acceptWaiting()
    this.outgoing.close()
    this.#pump()
  }

  /** The first call decides how the session is said to have ended. */
  #begin(initiator: CloseInfo['initiator'], reason: CloseReason, cause: Error | null): Beginning {
    this.#beginning ??= { initiator, reason, cause }
    this.#reason.resolve(this.#beginning.reason)
    return this.#beginning
  }

  #sendClose(now: boolean = false): void {
    if (this.#beginning === null || (this.#hasSentClose && !now) || this.#closed.isSettled) return
    this.#hasSentClose = true
    const { code, message } = this.#beginning.reason
    this.#wire.close(code, message, now)
    this.#closing.resolve()
  }

  /** Ends without the peer: what was not sent is lost, and the browser does the rest by itself. */
  #giveUp(): void {
    this.outgoing.cancel()
    this.#sendClose(true)
    this.ended({ code: ABNORMAL.code, reason: '', clean: false, isCut: false })
  }

  /** A channel was closed: by the end of the session, by an overflow, or by the page, which then means the session. */
  #channelClosed(cause: Error | null): void {
    const hasOverflowed = cause instanceof ChannelOverflowError
    const failure = hasOverflowed ? VIOLATED_POLICY : INTERNAL_ERROR
    this.#closeWith(cause === null ? NORMAL : new CloseReason(failure), cause)
    if (hasOverflowed) this.incoming.close(cause)
    // What still arrives is dropped, and must not stand in the way of the peer's Close frame.
    this.#resume()
  }

  #resume(): void {
    this.#wire.resume()
    if (!this.isReadingStopped) return
    this.isReadingStopped = false
    this.#heartbeat?.readingResumed()
  }

  /** The block or a task failed. */
  #failed(error: unknown): void {
    this.#failure ??= { error }
    this.outgoing.close(toCause(error ?? 'nothing was thrown'))
    this.incoming.cancel()
  }

  /** The signal of the options has fired. */
  readonly #leave = (): void => {
    if (this.abandon(this.#settings.signal?.reason)) return
    this.#closeWith(new CloseReason(GOING_AWAY), null)
    this.incoming.close()
  }

  /** Whether `error` is no trouble of its own, but only tells that the session is ending. */
  #saysThatItEnds(error: unknown): boolean {
    return (
      this.#beginning !== null &&
      (error === this.#beginning.cause ||
        error instanceof ClosedReceiveChannelError ||
        error instanceof ClosedSendChannelError ||
        error instanceof ScopeEndedError ||
        (error instanceof Error && error.name === 'AbortError'))
    )
  }
}

/** Where the server cannot be made to wait, the bound of those who would have it wait is the end. */
function incomingSettings(
  { incoming, maxUnread }: BrowserSettings,
  canSuspend: boolean,
): ChannelSettings<MessageFrame> {
  return new ChannelSettings({
    ...incoming,
    ...(incoming.onOverflow === 'suspend' && {
      capacity: Math.ceil(maxUnread / FRAME_COST_BYTES),
      maxBytes: maxUnread,
      onOverflow: canSuspend ? 'suspend' : 'close',
    }),
    sizeOf: sizeOfMessage,
  })
}
