/**
 * What a handler is given: the two levels of WebSocket session, as interfaces.
 *
 * `WebSocketSession` is what both levels share and all that `webSocketRaw` handlers see;
 * `DefaultWebSocketSession` adds what needs automatic pings (Ktor has the same two levels).
 */

import type { DelayOptions, Duration } from '../base/index.ts'
import type { ReceiveChannel, SendChannel, SendOptions } from '../channels/index.ts'
import type { CloseReason, Frame, PreparedFrame } from '../protocol/index.ts'
import type { CloseInfo } from './close-info.ts'

/** What `send` takes: a frame, a string (sent as text), bytes (sent as binary), or what `Frame.prepare` returned. */
export type Outbound = Frame | string | Uint8Array | PreparedFrame

/** The `outgoing` channel of a session. */
export interface OutgoingChannel extends SendChannel<Outbound> {
  /**
   * Resolves when the queue is empty, so that `trySend` takes a frame of any size; at once while nothing waits. Others
   * who wait may be quicker: call `trySend` again, and wait again if it returns `full`.
   *
   * Rejects with `ClosedSendChannelError` once the session is closing, and with the reason of `options.signal` when that
   * fires first. The promise need not be awaited.
   */
  whenWritable(options?: SendOptions): Promise<void>
}

/**
 * One WebSocket connection, as its handler sees it.
 *
 * Every function may be taken off the session (`const { send, close } = session`). All of it may be used
 * by several tasks at once; frames go out whole, in the order of the calls.
 *
 * Ktor: `WebSocketSession`.
 */
export interface WebSocketSession {
  /** Names this session in logs and events: 16 random bytes in base64url, not a secret. */
  readonly id: string

  /** The subprotocol that the handshake agreed on; `null` when there is none. */
  readonly protocol: string | null

  /**
   * What the peer sends, in order, from the first byte on, whether or not anybody is reading yet. Bounded:
   * while it is full the peer is made to wait, and pings and Close frames are handled all the same.
   *
   * It ends normally when the peer closes or vanishes: a loop ends, `receive()` throws
   * `ClosedReceiveChannelError`. It fails with the cause when the peer broke a rule
   * (`ProtocolViolationError`, `FrameTooBigError`, `PingTimeoutError`, `ChannelOverflowError`).
   */
  readonly incoming: ReceiveChannel<Frame>

  /** What goes to the peer, in order; `send` and `close` of the session are this channel's. */
  readonly outgoing: OutgoingChannel

  /**
   * Queues one frame; exactly `outgoing.send`. Resolves once the frame is in the bounded queue, usually at
   * once, and waits while the queue is full. Code that sends for 4 ms in one turn of the event loop also waits
   * for the next turn, so that a loop of sends cannot hold up other sessions and timers. Do not change bytes
   * before the promise settles. `send(new Frame.Close(r))` is `close(r)`.
   *
   * The promise need not be awaited. Frames that still wait when the session closes go out before the Close
   * frame, within `closeTimeout`. A rejection that only says that the session has ended, or that `signal` has
   * fired, does not count as unhandled. A `LocalProtocolError` or `TypeError` does.
   *
   * Rejects with `ClosedSendChannelError` (`TOWPATH_CLOSED_SEND_CHANNEL`) once the session is closing,
   * with `LocalProtocolError` (`TOWPATH_LOCAL_PROTOCOL`) when another type of frame comes in the middle of
   * a fragmented message or text given as bytes is not UTF-8, with `TypeError` for any other value, and with
   * the signal's reason when it fires while waiting; the frame has then not been sent.
   */
  readonly send: (data: Outbound, options?: { readonly signal?: AbortSignal }) => Promise<void>

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2): what was sent before goes out first, then the Close
   * frame. Only the first call counts; `reason` is 1000 without a message by default. Frames that the peer
   * sent before its own Close still arrive on `incoming`.
   *
   * Resolves when the Close frame has been handed to the operating system, or when the connection is gone;
   * never rejects, and need not be awaited. It throws, at the call, a `RangeError` for a code that may not
   * travel (1005, 1006, 1015 and what §7.4 reserves) and a `TypeError` for anything but a `CloseReason`.
   */
  readonly close: (reason?: CloseReason) => Promise<void>

  /**
   * Resolves when everything that was sent before this call has been handed to the operating system; at
   * once when there is nothing to wait for or the connection is gone. May be called at any time, after `close`
   * too; never rejects. Says nothing about delivery.
   */
  readonly flush: () => Promise<void>

  /** Drops the connection at once, without a Close frame: the peer sees 1006. Ending may complete later. Idempotent. */
  readonly terminate: () => void

  /**
   * Whether frames that we send are masked by a random key, from the next frame serialised on. A server
   * does not mask (§5.1 forbids it: conforming clients refuse such frames), a client always does;
   * writable for tests of other implementations. The default comes from the plugin.
   */
  masking: boolean

  /**
   * Largest payload of one incoming frame, in bytes, from the next frame header on; `Infinity` is no limit
   * (`maxMessageSize` still protects memory). A larger one fails the session with 1009 and `FrameTooBigError`.
   *
   * @throws {RangeError} when set to anything but a whole number above 0 or `Infinity`.
   */
  maxFrameSize: number

  /**
   * Runs `task` as a part of this session: it is aborted (its signal fires) when the session is over, and
   * awaited before the session counts as ended. The first task to fail fails the session with 1011, unless it
   * failed because the session was ending. The promise is the task's own result and need not be awaited.
   *
   * @throws {ScopeEndedError} (`TOWPATH_SCOPE_ENDED`) at the call, without running `task`, once the session is
   *   over; a handler that lets it through has not failed.
   */
  readonly launch: <T>(task: (signal: AbortSignal) => Promise<T> | T) => Promise<T>

  /**
   * Resolves when `duration` has passed on the application's clock: real time in production, the test's own
   * in `withTestApplication`. Milliseconds or `{ seconds }`; 0 or above, finite.
   *
   * Rejects when the session is over, with the reason of `signal`, or when `options.signal` aborts, with the
   * reason of that. The promise need not be awaited: its rejection is never unhandled.
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

  /** Fires when the session is over: closed in full, dropped, or failed. */
  readonly signal: AbortSignal

  /**
   * Resolves with the reason of the Close frame that began the closing, whoever sent it: 1005 when the
   * peer gave none, 1006 when the connection ended without any (neither ever travels). Never rejects.
   */
  readonly closeReason: Promise<CloseReason>

  /** Resolves with the whole story when the session is over. Never rejects. */
  readonly closed: Promise<CloseInfo>

  /**
   * Bytes given to `send` and not yet handed to the operating system, those of waiting sends included. Frame
   * headers count once a frame has been serialised.
   */
  readonly bufferedAmount: number
}

/**
 * A session that looks after itself: pings are answered, Close frames answered, messages whole.
 *
 * Ktor: `DefaultWebSocketSession`.
 */
export interface DefaultWebSocketSession extends WebSocketSession {
  /**
   * Time between two pings that we send; `null` turns them off. Reads as milliseconds. Setting it restarts
   * the pinger: the next ping comes one period from now. The default comes from the plugin's `pingPeriod`.
   *
   * @throws {RangeError} when set to a negative or zero duration.
   */
  get pingInterval(): number | null
  set pingInterval(value: Duration | null)

  /**
   * How long the peer may stay silent after a ping before the session is failed with 1011 `Ping timeout`.
   * Reads as milliseconds. It does not run while reading is held back because the handler is slow: the answer
   * could not be seen. Without pings it has no effect. Setting it restarts the pinger.
   */
  get timeout(): number
  set timeout(value: Duration)

  /** The time that the last answered ping took, in milliseconds; `null` before the first. */
  readonly roundTripTime: number | null
}
