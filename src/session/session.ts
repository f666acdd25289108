/**
 * The two levels of WebSocket session that handlers receive, as interfaces.
 *
 * `WebSocketSession` has the members of both levels, and is what `webSocketRaw` handlers receive.
 * `DefaultWebSocketSession` adds the members for automatic pings. Ktor has the same two levels.
 */

import type { DelayOptions, Duration } from '../base/index.ts'
import type { ReceiveChannel, SendChannel, SendOptions } from '../channels/index.ts'
import type { CloseReason, Frame, PreparedFrame } from '../protocol/index.ts'
import type { CloseInfo } from './close-info.ts'
import type { SessionStatistics } from './statistics.ts'

/**
 * The data that `send` accepts: a frame, a string (sent as text), bytes (sent as binary), or the
 * result of `Frame.prepare`.
 */
export type Outbound = Frame | string | Uint8Array | PreparedFrame

/** The `outgoing` channel of a session. */
export interface OutgoingChannel extends SendChannel<Outbound> {
  /**
   * Resolves when the queue is empty, so that `trySend` accepts a frame of any size. Resolves at
   * once if nothing waits. Another caller may fill the queue first: call `trySend` again, and wait
   * again if it returns `full`.
   *
   * Rejects with `ClosedSendChannelError` once the session is closing. Rejects with the reason of
   * `options.signal` if the signal aborts first. The promise need not be awaited.
   */
  whenWritable(options?: SendOptions): Promise<void>
}

/**
 * One WebSocket connection, as its handler sees it.
 *
 * Every function may be taken off the session (`const { send, close } = session`). Several tasks
 * may use all members at once. Frames are sent whole, in the order of the calls.
 *
 * Ktor: `WebSocketSession`.
 */
export interface WebSocketSession {
  /** Names this session in logs and events: 16 random bytes in base64url. Not a secret. */
  readonly id: string

  /** The subprotocol that the handshake agreed on; `null` if there is none. */
  readonly protocol: string | null

  /**
   * The frames that the peer sends, in order, from the first byte on. Frames that arrive before the
   * handler reads wait here. The channel is bounded: while it is full the peer has to wait. Pings
   * and Close frames are handled all the same.
   *
   * The channel ends normally when the peer closes or disconnects: a loop ends, and `receive()`
   * rejects with `ClosedReceiveChannelError`. It fails with the cause when the peer broke a rule
   * (`ProtocolViolationError`, `FrameTooBigError`, `PingTimeoutError`, `ChannelOverflowError`).
   */
  readonly incoming: ReceiveChannel<Frame>

  /** The frames to send, in order. `session.send` is `outgoing.send`. */
  readonly outgoing: OutgoingChannel

  /**
   * Queues one frame; the same as `outgoing.send`. Resolves once the frame is in the bounded queue,
   * which is usually at once. Waits while the queue is full. Code that sends for 4 ms in one turn
   * of the event loop also waits for the next turn, so that a loop of sends cannot hold up other
   * sessions and timers. Do not change bytes before the promise settles. `send(new Frame.Close(r))`
   * is `close(r)`.
   *
   * The promise need not be awaited. Frames that still wait when the session closes go out before
   * the Close frame, within `closeTimeout`. A rejection that only says that the session has ended,
   * or that `signal` has aborted, does not count as unhandled. A `LocalProtocolError` or
   * `TypeError` does.
   *
   * Rejects, and does not send the frame:
   * - with `ClosedSendChannelError` (`TOWPATH_CLOSED_SEND_CHANNEL`) once the session is closing;
   * - with `LocalProtocolError` (`TOWPATH_LOCAL_PROTOCOL`) if another type of frame comes in the
   *   middle of a fragmented message, or if text given as bytes is not UTF-8;
   * - with `TypeError` for any other value;
   * - with the signal's reason if the signal aborts during the wait.
   */
  readonly send: (data: Outbound, options?: { readonly signal?: AbortSignal }) => Promise<void>

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2): frames that were sent before go out first, then
   * the Close frame. Only the first call counts. The default `reason` is 1000 without a message.
   * Frames that the peer sent before its own Close frame still arrive on `incoming`.
   *
   * Resolves when the operating system has the Close frame, or when the connection is gone. Never
   * rejects, and need not be awaited. Throws a `RangeError` at the call for a code that may not be
   * sent (1005, 1006, 1015 and the codes that §7.4 reserves), and a `TypeError` for any value that
   * is not a `CloseReason`.
   */
  readonly close: (reason?: CloseReason) => Promise<void>

  /**
   * Resolves when the operating system has everything that was sent before this call. Resolves at
   * once if nothing waits or the connection is gone. May be called at any time, also after `close`.
   * Never rejects. Says nothing about delivery to the peer.
   */
  readonly flush: () => Promise<void>

  /**
   * Drops the connection at once, without a Close frame: the peer sees 1006. The session may end
   * later than this call. Idempotent.
   */
  readonly terminate: () => void

  /**
   * Whether the frames that this side sends are masked with a random key. Takes effect with the
   * next frame that is serialised. A server does not mask (§5.1 forbids it, and clients refuse such
   * frames); a client always does. Writable for tests of other implementations. The default comes
   * from the plugin.
   */
  masking: boolean

  /**
   * Largest payload of one incoming frame, in bytes. Takes effect with the next frame header.
   * `Infinity` is no limit (`maxMessageSize` still protects memory). A larger frame fails the
   * session with 1009 and `FrameTooBigError`.
   *
   * @throws {RangeError} when set to a value that is neither a whole number above 0 nor `Infinity`.
   */
  maxFrameSize: number

  /**
   * Runs `task` as a part of this session. The task's signal aborts when the session is over. The
   * session counts as ended only when the task has settled. The first task that fails closes the
   * session with 1011, unless it failed because the session was ending. The promise is the task's
   * own result and need not be awaited.
   *
   * `options.signal` ends this task alone: the task's signal aborts with the same reason, and a
   * task that rejects with that reason has not failed. If it has aborted before, the task does not
   * run.
   *
   * @throws {ScopeEndedError} (`TOWPATH_SCOPE_ENDED`) at the call, without running `task`, once the
   *   session is over. A handler that throws this error on has not failed.
   */
  readonly launch: <T>(
    task: (signal: AbortSignal) => Promise<T> | T,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<T>

  /**
   * Resolves when `duration` has passed on the application's clock: real time in production, the
   * test's own time in `withTestApplication`. Milliseconds or `{ seconds }`; 0 or above, finite.
   *
   * Rejects with the reason of `signal` when the session is over, or with the reason of
   * `options.signal` when that signal aborts. The promise need not be awaited: its rejection is
   * never unhandled.
   *
   * @throws {TypeError | RangeError} at the call, for an invalid duration.
   *
   * @example
   * for (;;) {
   *   await session.send('tick')
   *   await session.delay(seconds(1))
   * }
   */
  readonly delay: (duration: Duration, options?: DelayOptions) => Promise<void>

  /** Aborts when the session is over: closed by both sides, dropped, or failed. */
  readonly signal: AbortSignal

  /**
   * Resolves with the reason of the Close frame that began the closing, from either side. The code
   * is 1005 if the peer gave none, and 1006 if the connection ended without a Close frame (neither
   * code is ever sent). Never rejects.
   */
  readonly closeReason: Promise<CloseReason>

  /** Resolves with all facts about the end when the session is over. Never rejects. */
  readonly closed: Promise<CloseInfo>

  /**
   * Bytes that were passed to `send` and that the operating system does not have yet, including
   * the bytes of waiting sends. Frame headers count once a frame has been serialised.
   */
  readonly bufferedAmount: number

  /** The counters of this session: a fresh copy on each read. They can be read after the end. */
  readonly statistics: SessionStatistics
}

/**
 * A session that answers pings and Close frames itself, and receives whole messages.
 *
 * Ktor: `DefaultWebSocketSession`.
 */
export interface DefaultWebSocketSession extends WebSocketSession {
  /**
   * Time between two pings that this side sends; `null` turns them off. Reads as milliseconds.
   * Setting it restarts the pinger: the next ping is sent one period from now. The default comes
   * from the plugin's `pingPeriod`.
   *
   * @throws {RangeError} when set to a negative or zero duration.
   */
  get pingInterval(): number | null
  set pingInterval(value: Duration | null)

  /**
   * How long the peer may stay silent after a ping before the session fails with 1011 `Ping
   * timeout`. Reads as milliseconds. The time stands still while a slow handler holds reading back,
   * because the answer could not be seen. Without pings it has no effect. Setting it restarts the
   * pinger.
   */
  get timeout(): number
  set timeout(value: Duration)

  /** The round-trip time of the last answered ping, in milliseconds; `null` before the first. */
  readonly roundTripTime: number | null
}
