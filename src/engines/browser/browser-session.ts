/**
 * The session of a page, with the same members as on other platforms.
 *
 * The browser answers pings and Close frames, masks frames, joins fragments and checks UTF-8. This
 * session limits both directions, and reports once how the connection ended.
 */

import type { Clock } from '../../base/index.ts'
import { Deferred, type HasClock, TaskScope } from '../../base/internal.ts'
import { ChannelOverflowError } from '../../channels/index.ts'
import { BufferedChannel, ChannelSettings, NOTHING, toCause } from '../../channels/internal.ts'
import type { ClientSession } from '../../client/index.ts'
import { ConnectError } from '../../client/portable.ts'
import { BinaryFrame, CloseReason, TextFrame } from '../../protocol/portable.ts'
import type { CloseInfo, Outbound } from '../../session/index.ts'
import type { HeartbeatListener } from '../../session/internal.ts'
import { FRAME_COST_BYTES, isEndError } from '../../session/portable.ts'
import type { BrowserSettings } from './browser-options.ts'
import { GOING_AWAY, INTERNAL_ERROR, requireBrowserCode, VIOLATED_POLICY } from './close-codes.ts'
import { MessagesLostError } from './errors.ts'
import { type Message, messageOf, ownMessageOf, sizeOfMessage } from './message.ts'
import type { PageEvent } from './platform.ts'
import type { Wire, WireEnd, WireReceiver } from './wire.ts'

const NORMAL = new CloseReason(CloseReason.Codes.NORMAL)
const ABNORMAL = new CloseReason(CloseReason.Codes.CLOSED_ABNORMALLY)

/** The frames that a page receives. */
type MessageFrame = TextFrame | BinaryFrame

/** How the end began. */
type CloseStart = Pick<CloseInfo, 'reason' | 'initiator' | 'cause'>

/** A session over one wire. Its functions are fields, so that all members may be destructured. */
export class BrowserSession implements ClientSession, WireReceiver, HasClock {
  readonly url: string
  readonly incoming: BufferedChannel<MessageFrame>
  readonly outgoing: BufferedChannel<Outbound>
  readonly signal: AbortSignal
  readonly closeReason: Promise<CloseReason>
  readonly closed: Promise<CloseInfo>
  protocol: string | null = null
  /** Always 0: a browser does not show a message before it is complete. */
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
  /** Resolves when the browser has our Close frame, or will not send one. */
  readonly #closeSent = new Deferred<void>()
  /** The first error of the block or of a task. */
  #failure: { readonly error: unknown } | null = null
  #closeStart: CloseStart | null = null
  #hasSentClose = false
  #isPumping = false
  #deadline: Disposable | null = null

  /**
   * @param wire created in this turn of the event loop.
   * @param hint appended to the message of a failed handshake; `''`: none.
   */
  constructor(wire: Wire, settings: BrowserSettings, clock: Clock, hint: string = '') {
    this.#hint = hint
    // Credentials are removed.
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
      onFailure: (error) => this.#fail(error),
      isFailure: (error) => !this.#isEndOfSession(error),
    })
    this.signal = this.#scope.signal
    this.closeReason = this.#reason.promise
    this.closed = this.#closed.promise
    // The listener is removed when the session ends.
    settings.signal?.addEventListener('abort', this.#onAborted, { signal: this.signal })
    wire.start(this)
  }

  /** The clock for code that waits on behalf of this session. */
  get clock(): Clock {
    return this.#clock
  }

  get bufferedAmount(): number {
    return this.outgoing.bytes + this.#wire.bufferedAmount
  }

  /** For heartbeats: `WebSocketStream` reports that a message was sent, but not its progress. */
  get hiddenAmount(): number {
    return this.#wire.canSuspend ? this.#wire.bufferedAmount : 0
  }

  readonly send: ClientSession['send'] = (data, options) => this.outgoing.send(data, options)

  readonly close: ClientSession['close'] = (reason = NORMAL) => {
    requireBrowserCode(reason)
    this.#closeWith(reason, null)
    return this.#closeSent.promise
  }

  readonly launch: ClientSession['launch'] = (task, options) => this.#scope.launch(task, options)

  async [Symbol.asyncDispose](): Promise<void> {
    void this.close()
    this.incoming.cancel()
    await this.closed
    await this.#scope.join()
  }

  /** Resolves when the session is open. Rejects if it cannot be opened. */
  get opening(): Promise<void> {
    return this.#opening.promise
  }

  /**
   * Aborts the handshake: `opening` rejects with `error`. @returns `false` if the handshake was
   * over.
   */
  abortOpening(error: unknown): boolean {
    const isAborted = this.#opening.reject(error)
    if (isAborted) this.#wire.close(NORMAL.code, '')
    return isAborted
  }

  /**
   * Runs `block` with this session, then closes the session: with 1000, or with 4011 if it failed.
   * Waits for the closing handshake and all launched tasks.
   *
   * @throws (by rejecting) the first error of the block or a task; else the signal's reason, if it
   *   aborted before the block ended; else the error that the block threw because the session was
   *   ending.
   */
  async run<T>(block: (session: ClientSession) => Promise<T> | T): Promise<T> {
    const { signal } = this.#settings
    let outcome: () => T
    try {
      const value = await block(this)
      outcome = () => value
    } catch (error) {
      if (!this.#isEndOfSession(error)) this.#fail(error)
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

  /**
   * The user leaves the page. If the browser may keep the page, the connection must be closed: a
   * kept page keeps it open.
   */
  readonly pageHidden = ({ persisted }: PageEvent): void => {
    if (persisted === false) return
    this.#closeWith(new CloseReason(GOING_AWAY), null)
    this.#endNow()
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
    // The message has arrived and cannot be refused. Reading stops after it.
    if (isFull) this.incoming.offer(frame)
    this.isReadingStopped = isFull && this.#wire.canSuspend
    return !isFull
  }

  listen(listener: HeartbeatListener): void {
    this.#heartbeat = listener
  }

  vanish(cause: Error): void {
    this.#startClosing('local', ABNORMAL, cause)
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
      new ConnectError('connect', `browsers do not give pages a reason${this.#hint}`),
    )
    const remote = code === ABNORMAL.code ? null : new CloseReason(code, reason)
    const cause = isCut ? new MessagesLostError() : null
    const begun = this.#startClosing(remote === null ? 'none' : 'remote', remote ?? ABNORMAL, cause)
    this.#deadline?.[Symbol.dispose]()
    this.outgoing.cancel()
    this.incoming.close(cause)
    this.#closeSent.resolve()
    // A browser answers the peer's Close frame with the same code (RFC 6455 §5.5.1).
    const answer = clean ? new CloseReason(code) : null
    const local = this.#hasSentClose ? begun.reason : answer
    this.#closed.resolve({ ...begun, local, remote, clean })
    this.#scope.abort()
  }

  /** Moves messages to the browser while it has room, and then the Close frame. */
  #pump(): void {
    // Taking a frame admits waiting senders, which call this method again.
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
    if (this.#closeStart !== null) return
    this.#deadline ??= this.#clock.setTimer(this.#settings.closeTimeout, () => this.#endNow())
    // A browser that has received the peer's Close frame sends only its answer.
    if (!this.#wire.isEnding) this.#startClosing('local', reason, cause)
    // Waiting senders called before close(), so their frames go out before the Close frame.
    this.outgoing.acceptWaiting()
    this.outgoing.close()
    this.#pump()
  }

  /** The first call decides how the session reports its end. */
  #startClosing(
    initiator: CloseInfo['initiator'],
    reason: CloseReason,
    cause: Error | null,
  ): CloseStart {
    this.#closeStart ??= { initiator, reason, cause }
    this.#reason.resolve(this.#closeStart.reason)
    return this.#closeStart
  }

  #sendClose(now: boolean = false): void {
    if (this.#closeStart === null || (this.#hasSentClose && !now) || this.#closed.isSettled) return
    this.#hasSentClose = true
    const { code, message } = this.#closeStart.reason
    this.#wire.close(code, message, now)
    this.#closeSent.resolve()
  }

  /**
   * Ends the session without the peer. Unsent messages are dropped, and the browser does the rest.
   */
  #endNow(): void {
    this.outgoing.cancel()
    this.#sendClose(true)
    this.ended({ code: ABNORMAL.code, reason: '', clean: false, isCut: false })
  }

  /**
   * A channel was closed: by the end of the session, by an overflow, or by the page, which thereby
   * closes the session.
   */
  #channelClosed(cause: Error | null): void {
    const hasOverflowed = cause instanceof ChannelOverflowError
    const failure = hasOverflowed ? VIOLATED_POLICY : INTERNAL_ERROR
    this.#closeWith(cause === null ? NORMAL : new CloseReason(failure), cause)
    if (hasOverflowed) this.incoming.close(cause)
    // Later messages are dropped, and must not delay the peer's Close frame.
    this.#resume()
  }

  #resume(): void {
    this.#wire.resume()
    if (!this.isReadingStopped) return
    this.isReadingStopped = false
    this.#heartbeat?.readingResumed()
  }

  /** Handles an error of the block or a task. */
  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.outgoing.close(toCause(error ?? 'nothing was thrown'))
    this.incoming.cancel()
  }

  /** Handles the signal of the options. */
  readonly #onAborted = (): void => {
    if (this.abortOpening(this.#settings.signal?.reason)) return
    this.#closeWith(new CloseReason(GOING_AWAY), null)
    this.incoming.close()
  }

  /** Whether `error` only reports that the session is ending, and is no failure of its own. */
  #isEndOfSession(error: unknown): boolean {
    return this.#closeStart !== null && isEndError(error, this.#closeStart.cause)
  }
}

/**
 * Returns the settings of `incoming`. If the server cannot be slowed down, `suspend` behaves like
 * `close` at `maxUnread`.
 */
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
