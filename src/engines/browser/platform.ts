/**
 * The browser's interfaces that this engine uses: its clock, and its two WebSocket APIs.
 *
 * Declared here, so that the package compiles without the types of a browser. Sources: the WHATWG's
 * WebSockets standard for `WebSocket`, its pull request 48 for `WebSocketStream`.
 */

import type { Clock } from '../../base/index.ts'
import { browserClock } from './browser-clock.ts'

/** The members of `WebSocket` that are used. */
export interface PlatformSocket {
  binaryType: string
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /**
   * Bytes that `send` has taken and the network has not. Never falls to 0 once the socket is
   * closing.
   */
  readonly bufferedAmount: number
  /** The URL as the browser parsed it. */
  readonly url: string
  /** The subprotocol; `''` if there is none. */
  readonly protocol: string
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: PlatformCloseEvent) => void) | null
  /** Takes the data during the call. Does nothing if the socket is closing. */
  send(data: string | Uint8Array): void
  /** Throws for a code other than 1000 and 3000 to 4999. */
  close(code?: number, reason?: string): void
}

/** `CloseEvent`. */
export interface PlatformCloseEvent {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** The members of `WebSocketStream` that are used. */
export interface PlatformStream {
  readonly url: string
  readonly opened: Promise<PlatformConnection>
  /**
   * Rejects if the closing was not clean, or if there was no connection. The error has the same two
   * fields.
   */
  readonly closed: Promise<{ readonly closeCode: number; readonly reason: string }>
  /**
   * Before `opened`, aborts the handshake. Throws like `WebSocket.close`. Messages that are still
   * in `writable` are dropped.
   */
  close(info: { readonly closeCode: number; readonly reason: string }): void
}

/** An open `WebSocketStream`. */
export interface PlatformConnection {
  /**
   * Strings and bytes; some browsers use ArrayBuffers. The browser stops reading from the network
   * while nothing is taken from this stream.
   */
  readonly readable: ReadableStream<string | Uint8Array | ArrayBuffer>
  readonly writable: WritableStream<string | Uint8Array>
  readonly protocol: string
}

/** An event target, such as the global object of a page or a worker. */
export interface PageEvents {
  /** The listener is removed when `signal` aborts. */
  addEventListener(
    type: string,
    listener: (event: object) => void,
    options?: { readonly signal: AbortSignal },
  ): void
  removeEventListener(type: string, listener: (event: object) => void): void
}

/** The members of `PageTransitionEvent` that are used. */
export interface PageEvent {
  /** For `pagehide`: whether the browser may keep the page. */
  readonly persisted?: boolean
}

/** Everything that the engine uses from its environment. */
export interface Platform {
  readonly clock: Clock

  /** Emits `pagehide` when the user leaves the page. `location` is the page's own. */
  readonly page: PageEvents & {
    readonly location?: { readonly host: string; readonly origin: string }
  }

  /** Throws for an invalid URL, and for subprotocols that are invalid or duplicate. */
  readonly WebSocket: new (url: string, protocols: string[]) => PlatformSocket

  /** `undefined` if the browser has none. */
  readonly WebSocketStream?:
    | (new (url: string, options: { readonly protocols: string[] }) => PlatformStream)
    | undefined
}

/** Returns the current page or worker. Read for each call, because pages replace globals. */
export function thisPlatform(): Platform {
  // Node's types do not have the globals of a browser.
  const page = globalThis as unknown as Platform & Platform['page']
  const { WebSocket, WebSocketStream } = page
  return { clock: browserClock, page, WebSocket, WebSocketStream }
}
