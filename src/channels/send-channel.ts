/**
 * The sending side of a channel (Ktor: `SendChannel`).
 */

/** Options of `send`. */
export interface SendOptions {
  /**
   * Aborts the wait: the call rejects with `signal.reason`, and the value is not sent. Once a send
   * has resolved, its value is in the channel, and the signal has no effect.
   */
  readonly signal?: AbortSignal | undefined
}

/** The result of `trySend()`: the channel took the value, has no room now, or has ended. */
export type TrySendResult = 'sent' | 'full' | 'closed'

/** The sending side of a channel. Values of concurrent senders arrive in the order of the calls. */
export interface SendChannel<T> {
  /**
   * Sends `value`, and waits for room if necessary. Resolves once the channel holds the value,
   * which does not mean that it has been received. A promise that is not awaited causes no
   * unhandled rejection when the channel ends or the signal aborts.
   *
   * @throws {ClosedSendChannelError} (by rejecting) with the unsent value, if the channel is closed
   *   before or during the wait; rejects with the reason of `options.signal` if that aborts first.
   */
  send(value: T, options?: SendOptions): Promise<void>

  /**
   * Sends `value` if this is possible without waiting. A value that the policy drops counts as
   * sent. Also returns `full` while other senders wait for room. The `outgoing` channel of a
   * session with the policy `suspend` also returns `full` when sessions have sent for 4 ms in one
   * turn of the event loop and this session has sent 64 frames since; there is room again in the
   * next turn.
   */
  trySend(value: T): TrySendResult

  /**
   * Closes the channel for senders. Buffered values can still be received. Waiting senders are
   * rejected with `ClosedSendChannelError` and their value. Only the first call has an effect.
   *
   * @param cause the error that receivers get at the end; absent or `null` for a normal end.
   * @returns whether this call closed the channel; `false` if it was closed before.
   */
  close(cause?: Error | null): boolean

  /** Whether the channel has been closed or cancelled, so that a send would reject. */
  readonly isClosedForSend: boolean

  /**
   * Returns the channel as a WHATWG stream: a write is a `send`. Closing the stream closes the
   * channel. Aborting the stream aborts a waiting send, and closes the channel with the reason as
   * the cause.
   */
  writable(): WritableStream<T>
}
