/**
 * What `asWebSocket` returns: the parts of a browser's `WebSocket`, and of a `WebSocket` of the
 * package `ws`, that other libraries use.
 */

import type { EventEmitter } from 'node:events'

import type { BinaryType, SocketData } from './payloads.ts'

/** An event for listeners of the browser's kind. */
export interface WebSocketViewEvent {
  readonly type: 'open' | 'message' | 'close' | 'error'
  readonly target: WebSocketView
  /** Of `message`: a string, or bytes as `binaryType` says. */
  readonly data?: string | Buffer | ArrayBuffer
  /** Of `close`: the code that began the closing. */
  readonly code?: number
  /** Of `close`. */
  readonly reason?: string
  /** Of `close`: whether both Close frames were exchanged. */
  readonly wasClean?: boolean
  /** Of `error`. */
  readonly error?: Error
  /** Of `error`. */
  readonly message?: string
}

/** A listener of the browser's kind. */
export type WebSocketViewListener =
  | ((event: WebSocketViewEvent) => void)
  | { handleEvent(event: WebSocketViewEvent): void }

/** The handler that `on…` holds. */
export type WebSocketViewHandler = ((event: WebSocketViewEvent) => void) | null

/** The second argument of `send`, as the package `ws` has it. */
export interface WebSocketViewSendOptions {
  /** Whether the message is binary. @defaultValue binary for bytes, text for a string */
  readonly binary?: boolean
}

/** Called when a frame has been queued, or could not be. */
export type SentCallback = (error?: Error) => void

/**
 * A session as a socket with events.
 *
 * As an emitter it has the events of the package `ws`: `open`, `message` (data, isBinary), `ping`
 * is answered by the session and not shown, `pong` (data), `close` (code, reason), `error`.
 */
export interface WebSocketView extends EventEmitter {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  readonly readyState: 0 | 1 | 2 | 3
  /** The subprotocol; `''`: none. */
  readonly protocol: string
  readonly extensions: string
  readonly url: string
  /** Bytes given to `send` and not yet handed to the operating system. */
  readonly bufferedAmount: number
  /** How `message` shows binary messages. @defaultValue 'nodebuffer' */
  binaryType: BinaryType
  readonly isPaused: boolean

  onopen: WebSocketViewHandler
  onmessage: WebSocketViewHandler
  onclose: WebSocketViewHandler
  onerror: WebSocketViewHandler

  /**
   * Queues a message. Messages that wait count towards `maxBufferedAmount`.
   *
   * @throws {TypeError} for anything that is not a string or bytes; {Error} while the socket is
   *   connecting.
   */
  send(data: SocketData, callback?: SentCallback): void
  send(data: SocketData, options: WebSocketViewSendOptions, callback?: SentCallback): void

  /** Starts the closing handshake, after what was sent before. @defaultValue 1000 */
  close(code?: number, reason?: string | Uint8Array): void

  /** Drops the connection at once. */
  terminate(): void

  /** Sends a ping; the event `pong` reports the answer. */
  ping(data?: SocketData, mask?: boolean, callback?: SentCallback): void

  /** Sends an unsolicited pong. */
  pong(data?: SocketData, mask?: boolean, callback?: SentCallback): void

  /** Delivers no messages until `resume()`: the peer is slowed down by backpressure. */
  pause(): void
  resume(): void

  addEventListener(
    type: WebSocketViewEvent['type'],
    listener: WebSocketViewListener,
    options?: { readonly once?: boolean } | boolean,
  ): void
  removeEventListener(type: WebSocketViewEvent['type'], listener: WebSocketViewListener): void
}
