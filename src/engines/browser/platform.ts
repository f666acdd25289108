/**
 * The browser as this engine sees it: its time, and the two interfaces that it may have for WebSockets.
 *
 * Written down by shape, so that the package compiles without the types of a browser. Sources: the WHATWG's
 * WebSockets standard for `WebSocket`, its pull request 48 for `WebSocketStream`.
 */

import type { Clock } from '../../base/index.ts'
import { browserClock } from './browser-clock.ts'

/** `WebSocket`, as far as it is used. */
export interface PlatformSocket {
  binaryType: string
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** What `send` has taken and the network has not, in bytes. Never falls to 0 once the socket is closing. */
  readonly bufferedAmount: number
  /** As the browser has read it. */
  readonly url: string
  /** The subprotocol; `''` when there is none. */
  readonly protocol: string
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: PlatformCloseEvent) => void) | null
  /** Takes the data in the call; without a word also when the socket is closing. */
  send(data: string | Uint8Array): void
  /** Throws for a code that is neither 1000 nor one of 3000 to 4999. */
  close(code?: number, reason?: string): void
}

/** `CloseEvent`. */
export interface PlatformCloseEvent {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
}

/** `WebSocketStream`, as far as it is used. */
export interface PlatformStream {
  readonly url: string
  readonly opened: Promise<PlatformConnection>
  /** Rejects with an error that has the same two fields when the closing was not clean, or there was no connection. */
  readonly closed: Promise<{ readonly closeCode: number; readonly reason: string }>
  /** Before `opened`, gives up. Throws as that of `WebSocket`. What is still in `writable` is lost. */
  close(info: { readonly closeCode: number; readonly reason: string }): void
}

/** What an open `WebSocketStream` gives. */
export interface PlatformConnection {
  /** Of strings and bytes, which some browsers give as buffers. The browser stops reading from the network while nobody takes what is there. */
  readonly readable: ReadableStream<string | Uint8Array | ArrayBuffer>
  readonly writable: WritableStream<string | Uint8Array>
  readonly protocol: string
}

/** What tells of something by events, such as the global object of a page or a worker. */
export interface PageEvents {
  /** `signal` removes the listener when it fires. */
  addEventListener(
    type: string,
    listener: (event: object) => void,
    options?: { readonly signal: AbortSignal },
  ): void
  removeEventListener(type: string, listener: (event: object) => void): void
}

/** `PageTransitionEvent`, as far as it is used. */
export interface PageEvent {
  /** Of `pagehide`: whether the browser may keep the page. */
  readonly persisted?: boolean
}

/** Everything that the engine needs of the outside world. */
export interface Platform {
  readonly clock: Clock

  /** Tells by `pagehide` that the user leaves the page; `location` is where the page is from. */
  readonly page: PageEvents & {
    readonly location?: { readonly host: string; readonly origin: string }
  }

  /** Throws for a URL that is none, and for subprotocols that are no tokens or come twice. */
  readonly WebSocket: new (url: string, protocols: string[]) => PlatformSocket

  /** Absent where the browser has none. */
  readonly WebSocketStream?:
    | (new (url: string, options: { readonly protocols: string[] }) => PlatformStream)
    | undefined
}

/** The page, or the worker, that this runs in. Read anew at each call: pages replace their globals. */
export function thisPlatform(): Platform {
  // What a browser's globals are is the browser's to know; the types of Node do not have them.
  const page = globalThis as unknown as Platform & Platform['page']
  const { WebSocket, WebSocketStream } = page
  return { clock: browserClock, page, WebSocket, WebSocketStream }
}
