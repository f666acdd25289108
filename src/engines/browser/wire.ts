/**
 * The interface between a session in a browser and the API that carries it: `WebSocket` or
 * `WebSocketStream`.
 */

import type { Message } from './message.ts'

/** How the connection ended, as the browser reports it. */
export interface WireEnd {
  /** The code of the peer's Close frame: 1005 if it was empty, 1006 if there was none. */
  readonly code: number
  readonly reason: string
  /** Whether both Close frames were exchanged before TCP ended. */
  readonly clean: boolean
  /** Whether unread messages may be missing, because reading had stopped. */
  readonly isCut: boolean
}

/** The events of a wire: `opened`, then any number of others, then `ended`; or `ended` alone. */
export interface WireReceiver {
  /** The connection is open. `protocol` is the subprotocol, `''` for none. */
  opened(protocol: string): void

  /**
   * A message has arrived.
   *
   * @returns whether to go on reading. If not, a wire that can suspend waits for `resume`.
   */
  receive(message: Message): boolean

  /** There may be room again after `mayWrite` returned `false`. */
  drained(): void

  /**
   * The connection has ended, after every message that arrived on it, or was never made. The last
   * call, made once.
   */
  ended(end: WireEnd): void
}

/** One connection, from its handshake on. */
export interface Wire {
  /** The URL as the browser parsed it. */
  readonly url: string

  /** Whether the wire stops reading when `receive` returns `false`. */
  readonly canSuspend: boolean

  /** Bytes that were written and that the browser still holds. */
  readonly bufferedAmount: number

  /** Whether the browser is known to be closing, because the peer is. */
  readonly isEnding: boolean

  /**
   * Starts to call `receiver`. Called in the turn in which the wire was created, before any event.
   */
  start(receiver: WireReceiver): void

  /** Whether the browser has room for another message. If not, `drained` or `ended` follows. */
  mayWrite(): boolean

  /** Passes a message to the browser, which owns it or a copy of it. */
  write(message: Message): void

  /** Continues reading. */
  resume(): void

  /**
   * Starts the closing handshake, after everything that was written. Before `opened`, aborts the
   * handshake. The first call counts.
   *
   * @param now drops messages that have not been sent yet. It also takes effect in a later call.
   */
  close(code: number, reason: string, now?: boolean): void
}
