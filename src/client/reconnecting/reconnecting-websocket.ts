/**
 * The connection that `connect` returns: it opens a new session when it loses one.
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
 * A reconnecting connection. `connect` returns it at once, while the first attempt is running.
 *
 * Each frame belongs to one session: docs/reconnecting.md says what may be lost. All functions may
 * be detached from the object.
 */
export interface ReconnectingWebSocket<
  Session extends ClientSession = ClientSession,
> extends AsyncDisposable {
  /** The current state. */
  readonly state: ConnectionState<Session>

  /**
   * Iterates over the states: the current one first, `closed` last. A slow iterator misses states
   * in between and gets the latest. Leaving the loop releases the iterator.
   */
  readonly states: () => AsyncIterableIterator<ConnectionState<Session>, undefined, undefined>

  /**
   * Resolves with the session, as soon as one is open. Rejects with the reason of `options.signal`.
   * If the connection ends first, rejects with its cause, or with `ClosedReceiveChannelError` after
   * a normal end.
   */
  readonly whenOpen: (options?: ReceiveOptions) => Promise<Session>

  /**
   * The frames of all sessions, one session after another. The limits of each session's `incoming`
   * apply, and cause backpressure. It ends with the connection: normally after `close()` or Close
   * 1000 from the server, otherwise with `ConnectionLostError` or the reason of the signal.
   * Cancelling it drops later frames and does not end the connection.
   */
  readonly incoming: ReceiveChannel<Frame>

  /** Sends to the current session; `send` is this channel's method. */
  readonly outgoing: SendChannel<Outbound>

  /**
   * Sends one whole message: a `Frame.Text` or `Frame.Binary`, a string (as text) or bytes.
   * Resolves when the frame is in a session's queue, or when it is kept for one (`whileAway`). The
   * frame is given to at most one session. If that session is lost, it is unknown whether the frame
   * arrived.
   *
   * Rejects with `NotConnectedError` or `ChannelOverflowError`, depending on `whileAway`; with
   * `ClosedSendChannelError` after the connection has closed; and with the errors of a session's
   * `send`. `send(new Frame.Close(r))` is `close(r)`.
   */
  readonly send: (data: Outbound, options?: SendOptions) => Promise<void>

  /**
   * Ends the current wait, even if the server asked for it: for a button that a user presses. Has
   * no effect in other states.
   */
  readonly retryNow: () => void

  /**
   * Ends the connection for good. An open session sends everything that was sent before, and is
   * closed with `reason` (1000 by default). An attempt or a wait is aborted. Resolves when the
   * connection has ended, never rejects, and need not be awaited. Later calls are ignored. Throws
   * synchronously for a reason with a code that must not be sent.
   */
  readonly close: (reason?: CloseReason) => Promise<void>

  /** Resolves when the connection has ended. Never rejects. */
  readonly closed: Promise<ConnectionEnd>

  /**
   * Whether the server of the last session answers heartbeats; `null` without a heartbeat, and
   * before the first session.
   */
  readonly heartbeat: HeartbeatState | null

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>
}
