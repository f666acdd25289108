/**
 * What `connect` returns: a connection that opens a new session when it loses one.
 */

import type {
  ReceiveChannel,
  ReceiveOptions,
  SendChannel,
  SendOptions,
} from '../../channels/index.ts'
import type { CloseReason, Frame } from '../../protocol/index.ts'
import type { Outbound } from '../../session/index.ts'
import type { ClientSession } from '../opening/client-session.ts'
import type { HeartbeatState } from './heartbeat.ts'
import type { ConnectionEnd, ConnectionState } from './reconnect-state.ts'

/**
 * A connection that reconnects. `connect` makes it and returns at once; the first attempt is then
 * under way.
 *
 * A frame belongs to one session: see docs/reconnecting.md for what may be lost. Every function may
 * be taken off the object.
 */
export interface ReconnectingWebSocket<
  Session extends ClientSession = ClientSession,
> extends AsyncDisposable {
  /** The current state. */
  readonly state: ConnectionState<Session>

  /**
   * The states from now on: the current one first, `closed` last. A slow iterator misses states in
   * between and sees the latest. An iterator holds one state; leaving its loop frees it.
   */
  readonly states: () => AsyncIterableIterator<ConnectionState<Session>, undefined, undefined>

  /**
   * Resolves with the session once there is one, at once if it is open. Rejects with the reason of
   * `options.signal`, and when the connection ends first: with its cause, or with
   * `ClosedReceiveChannelError` after a normal end.
   */
  readonly whenOpen: (options?: ReceiveOptions) => Promise<Session>

  /**
   * The frames of all sessions, one session after another. The bounds of each session's `incoming`
   * hold, and slow the server down. It ends with the connection: normally after `close()` or a
   * server's Close 1000, otherwise with `ConnectionLostError` or the reason of the signal.
   * Cancelling it drops later frames and does not end the connection.
   */
  readonly incoming: ReceiveChannel<Frame>

  /** Sends to the current session; `send` is this channel's. */
  readonly outgoing: SendChannel<Outbound>

  /**
   * Sends one whole message: a `Frame.Text` or `Frame.Binary`, a string (as text) or bytes. Resolves
   * when a session has it in its queue, or when it is kept for one (`whileAway`). It is given to one
   * session at most; whether it arrives is not known if that session is lost.
   *
   * Rejects with `NotConnectedError` or `ChannelOverflowError`, as `whileAway` says, with
   * `ClosedSendChannelError` once the connection is closed, and as `send` of a session does.
   * `send(new Frame.Close(r))` is `close(r)`.
   */
  readonly send: (data: Outbound, options?: SendOptions) => Promise<void>

  /**
   * Ends a wait at once, also one that the server asked for: for a button that a user presses. Does
   * nothing in other states.
   */
  readonly retryNow: () => void

  /**
   * Ends the connection for good. An open session sends what was sent before, and is closed with
   * `reason` (1000 by default); an attempt or a wait is given up. Resolves when the connection is
   * over, never rejects, and need not be awaited. Only the first call counts. Throws, at the call,
   * what `close` of a session throws for a reason that may not travel.
   */
  readonly close: (reason?: CloseReason) => Promise<void>

  /** Resolves when the connection is over. Never rejects. */
  readonly closed: Promise<ConnectionEnd>

  /**
   * Whether the server of the last session answers heartbeats; `null` without a heartbeat, and
   * before the first session.
   */
  readonly heartbeat: HeartbeatState | null

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>
}
