/**
 * The socket with events over a session.
 *
 * Inherits from Node's `EventEmitter`, because the libraries that take such a socket use nearly all
 * of its methods.
 */

import { EventEmitter } from 'node:events'

import { asError, Deferred } from '../base/internal.ts'
import { ClosedSendChannelError } from '../channels/index.ts'
import { CloseReason, Frame } from '../protocol/index.ts'
import type { CloseInfo, DefaultWebSocketSession } from '../session/index.ts'
import { watchPongs } from '../session/internal.ts'
import { BrowserListeners } from './browser-listeners.ts'
import {
  arrayBufferOf,
  type BinaryType,
  bufferOf,
  bytesOf,
  frameOf,
  type SocketData,
} from './payloads.ts'
import type {
  SentCallback,
  WebSocketView,
  WebSocketViewEvent,
  WebSocketViewHandler,
  WebSocketViewListener,
  WebSocketViewSendOptions,
} from './web-socket-view.ts'

/** The options of `asWebSocket`, complete. */
export interface WebSocketViewSettings {
  readonly maxBufferedAmount: number
}

/** Without a connection there is no other code. */
const NEVER_OPENED = 1006

const TOO_SLOW = new CloseReason(CloseReason.Codes.VIOLATED_POLICY, 'Too much waits to be sent')

/** See `asWebSocket`. */
export class SessionSocket extends EventEmitter implements WebSocketView {
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly extensions: string = ''
  readonly url: string = ''
  binaryType: BinaryType = 'nodebuffer'

  readonly #settings: WebSocketViewSettings
  /** `null` while connecting, and if that failed. */
  #session: DefaultWebSocketSession | null = null
  #isClosed = false
  #isTerminated = false
  #wasClean = false
  /** What `close` or `terminate` was called with while connecting. */
  #early: CloseReason | 'terminate' | null = null
  /** Waited for by the delivery of messages; `null`: not paused. */
  #paused: Deferred<void> | null = null
  /** Settles when all messages have been delivered; `null`: no listener has asked for any. */
  #delivery: Promise<void> | null = null
  readonly #listeners = new BrowserListeners(this, () => this.#wasClean)

  constructor(
    session: DefaultWebSocketSession | Promise<DefaultWebSocketSession>,
    settings: WebSocketViewSettings,
  ) {
    super()
    this.#settings = settings
    if (session instanceof Promise) {
      session.then(
        (opened) => this.#begin(opened),
        (error: unknown) => this.#fail(error),
      )
    } else this.#begin(session)
    this.on('newListener', (name: string) => {
      if (name === 'message') this.#deliver()
    })
  }

  get readyState(): 0 | 1 | 2 | 3 {
    if (this.#isClosed) return this.CLOSED
    if (this.#session === null) return this.#early === null ? this.CONNECTING : this.CLOSING
    return this.#session.outgoing.isClosedForSend ? this.CLOSING : this.OPEN
  }

  get protocol(): string {
    return this.#session?.protocol ?? ''
  }

  get bufferedAmount(): number {
    return this.#session?.bufferedAmount ?? 0
  }

  get isPaused(): boolean {
    return this.#paused !== null
  }

  get onopen(): WebSocketViewHandler {
    return this.#listeners.handlerOf('open')
  }

  set onopen(handler: WebSocketViewHandler) {
    this.#listeners.handle('open', handler)
  }

  get onmessage(): WebSocketViewHandler {
    return this.#listeners.handlerOf('message')
  }

  set onmessage(handler: WebSocketViewHandler) {
    this.#listeners.handle('message', handler)
  }

  get onclose(): WebSocketViewHandler {
    return this.#listeners.handlerOf('close')
  }

  set onclose(handler: WebSocketViewHandler) {
    this.#listeners.handle('close', handler)
  }

  get onerror(): WebSocketViewHandler {
    return this.#listeners.handlerOf('error')
  }

  set onerror(handler: WebSocketViewHandler) {
    this.#listeners.handle('error', handler)
  }

  send(
    data: SocketData,
    options?: WebSocketViewSendOptions | SentCallback,
    callback?: SentCallback,
  ): void {
    const { binary } = typeof options === 'object' && options !== null ? options : {}
    this.#send(frameOf(data, binary), typeof options === 'function' ? options : callback)
  }

  ping(data?: SocketData, mask?: boolean, callback?: SentCallback): void {
    this.#control(Frame.Ping, data, mask, callback)
  }

  pong(data?: SocketData, mask?: boolean, callback?: SentCallback): void {
    this.#control(Frame.Pong, data, mask, callback)
  }

  close(code: number = CloseReason.Codes.NORMAL, reason: string | Uint8Array = ''): void {
    const message = typeof reason === 'string' ? reason : Buffer.from(reason).toString()
    const given = new CloseReason(code, message)
    if (this.#session === null) this.#early ??= given
    else void this.#session.close(given)
    // `close` is told after the last message, and a library that leaves does not resume.
    this.resume()
  }

  terminate(): void {
    if (this.#session === null) this.#early = 'terminate'
    else this.#session.terminate()
    this.#isTerminated = true
    this.resume()
  }

  pause(): void {
    this.#paused ??= new Deferred<void>()
  }

  resume(): void {
    this.#paused?.resolve()
    this.#paused = null
  }

  addEventListener(
    type: WebSocketViewEvent['type'],
    listener: WebSocketViewListener,
    options: { readonly once?: boolean } | boolean = {},
  ): void {
    this.#listeners.add(type, listener, typeof options === 'object' && options.once === true)
  }

  removeEventListener(type: WebSocketViewEvent['type'], listener: WebSocketViewListener): void {
    this.#listeners.remove(type, listener)
  }

  #begin(session: DefaultWebSocketSession): void {
    this.#session = session
    if (this.#early === 'terminate') session.terminate()
    else if (this.#early !== null) void session.close(this.#early)
    watchPongs(session, (payload) => {
      // The decoder is at work: what a listener throws must not reach it.
      void this.#run(() => this.emit('pong', Buffer.from(payload)))
    })
    // Listeners are attached by the code that is running now.
    queueMicrotask(() => void this.#run(() => this.emit('open')))
    if (this.listenerCount('message') > 0) this.#deliver()
    void session.closed.then(async (info) => {
      await this.#delivery
      this.#end(info)
    })
  }

  /** As a task of the session: what a listener throws fails the session with 1011. */
  async #run(task: () => unknown): Promise<void> {
    try {
      await this.#session?.launch(() => task())
    } catch {
      // The session has ended, or ends with this error, which it reports.
    }
  }

  /** Messages wait in `incoming` until there is a listener for them. */
  #deliver(): void {
    const session = this.#session
    if (session === null || this.#delivery !== null) return
    this.#delivery = this.#run(async () => {
      // After the code that attaches the listener.
      await Promise.resolve()
      for (;;) {
        const received = await session.incoming.receiveCatching()
        if (received.type === 'closed') return
        while (this.#paused !== null) await this.#paused.promise
        if (!this.#isTerminated) this.emit('message', ...this.#messageOf(received.value))
      }
    })
  }

  #messageOf(frame: Frame): readonly [data: Buffer | ArrayBuffer, isBinary: boolean] {
    if (frame instanceof Frame.Text) return [bufferOf(frame), false]
    return [this.binaryType === 'arraybuffer' ? arrayBufferOf(frame) : bufferOf(frame), true]
  }

  #end({ reason, clean, cause }: CloseInfo): void {
    this.#isClosed = true
    this.#wasClean = clean
    // A lost connection is no error of a socket, but its code 1006.
    if (cause !== null && reason.code !== NEVER_OPENED) this.#emitError(cause)
    this.emit('close', reason.code, Buffer.from(reason.message))
  }

  #fail(error: unknown): void {
    this.#isClosed = true
    this.#emitError(asError(error, 'opening the session'))
    this.emit('close', NEVER_OPENED, Buffer.alloc(0))
  }

  /** Without a listener, an emitter would throw the error. */
  #emitError(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
  }

  #control(
    kind: typeof Frame.Ping | typeof Frame.Pong,
    data: SocketData | SentCallback | undefined,
    mask: boolean | SentCallback | undefined,
    callback: SentCallback | undefined,
  ): void {
    const given = [data, mask, callback].find((each) => typeof each === 'function')
    const payload = data === undefined || typeof data === 'function' ? '' : data
    this.#send(new kind(bytesOf(payload)), given)
  }

  #send(frame: Frame, callback: SentCallback | undefined): void {
    const session = this.#session
    if (session === null) {
      if (this.readyState !== this.CONNECTING) return
      throw new Error(
        'Cannot send: the socket is still connecting, expected the event "open" before',
      )
    }
    const sent = session.send(frame)
    if (session.bufferedAmount > this.#settings.maxBufferedAmount) void session.close(TOO_SLOW)
    if (callback === undefined) sent.catch((error: unknown) => this.#sendFailed(error))
    else
      sent.then(
        () => process.nextTick(callback),
        (error: unknown) => process.nextTick(callback, asError(error, 'send()')),
      )
  }

  /**
   * A send without a callback has failed. Nothing else can handle the error: unhandled, it would
   * end the process. That a session has ended is reported by `close`.
   */
  #sendFailed(error: unknown): void {
    if (error instanceof ClosedSendChannelError) return
    void this.#run(() => {
      throw error
    })
  }
}
