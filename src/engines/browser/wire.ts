/**
 * The narrow waist between a session in a browser and whichever of its two interfaces carries it.
 */

import type { Message } from './message.ts'

/** How the connection ended, as the browser tells it. */
export interface WireEnd {
  /** The code of the peer's Close frame: 1005 if it was empty, 1006 if there was none. */
  readonly code: number
  readonly reason: string
  /** Whether both Close frames were exchanged, and TCP ended after that. */
  readonly clean: boolean
  /** Whether messages that came before the end may be missing, because the wire was told to wait. */
  readonly isCut: boolean
}

/** What a wire tells its session: `opened`, then anything, then `ended`; or `ended` alone. */
export interface WireReceiver {
  /** There is a connection. `protocol` is the subprotocol, `''` for none. */
  opened(protocol: string): void

  /**
   * A message has arrived.
   *
   * @returns whether more are wanted now. If not, a wire that can do without waits for `resume`.
   */
  receive(message: Message): boolean

  /** What was in the way when `mayWrite` said no may be so no more. */
  drained(): void

  /** The connection has ended, after everything that arrived on it: the last call, once. Or there never was one. */
  ended(end: WireEnd): void
}

/** One connection, from its handshake on. */
export interface Wire {
  /** Whither, as the browser has read it. */
  readonly url: string

  /** Whether it waits when `receive` says that no more is wanted. */
  readonly canSuspend: boolean

  /** Bytes that were written and that the browser still has. */
  readonly bufferedAmount: number

  /** Whether the browser is known to be closing already, because the peer is. */
  readonly isEnding: boolean

  /** Begins to tell `receiver`, in the turn in which the wire was made: nothing has come by then. */
  start(receiver: WireReceiver): void

  /** Whether there is room for one more message in the browser. If not, `drained` follows, or `ended`. */
  mayWrite(): boolean

  /** Gives a message to the browser, which has it, or a copy of it, from then on. */
  write(message: Message): void

  /** More messages are wanted. */
  resume(): void

  /**
   * Begins the closing handshake, behind all that was written. Before `opened`: gives up. The first call counts.
   *
   * @param now whether what was written and has not left yet is given up, also by a call that is not the first.
   */
  close(code: number, reason: string, now?: boolean): void
}
