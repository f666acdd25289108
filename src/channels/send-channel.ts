/**
 * The sending side of a channel (Ktor: `SendChannel`).
 */

/** How to wait for room. */
export interface SendOptions {
  /**
   * Gives up the waiting: the call rejects with `signal.reason`, and the value has not been sent.
   * Once a send has resolved, its value is in the channel, whatever the signal does.
   */
  readonly signal?: AbortSignal | undefined
}

/**
 * The answer of `trySend()`: the channel has the value, or has no room at the moment, or has ended.
 */
export type TrySendResult = 'sent' | 'full' | 'closed'

/** Where values are sent. Values of concurrent senders arrive in the order of the calls. */
export interface SendChannel<T> {
  /**
   * Sends `value`, waiting for room if need be. Resolves once the channel has it, which does not
   * mean that it has been received. A rejection that says that the channel has ended, or that the
   * signal has fired, does not count as unhandled where the promise is not awaited.
   *
   * @throws {ClosedSendChannelError} (by rejecting) with the unsent value, if the channel has been
   *   closed or is while this waits; the reason of `options.signal` when that aborts first
   */
  send(value: T, options?: SendOptions): Promise<void>

  /**
   * Sends `value` if that takes no waiting. What the policy drops because there is no room counts
   * as sent. Returns `full` also while other senders wait for room. The `outgoing` channel of a
   * session with the policy `suspend` also returns `full` when sessions have sent for 4 ms in one
   * turn of the event loop and this one has sent 64 frames since; there is room again in the next
   * turn.
   */
  trySend(value: T): TrySendResult

  /**
   * Ends the sending. What the channel holds can still be received; senders that wait are rejected
   * with `ClosedSendChannelError` and their value. The first call counts.
   *
   * @param cause what receivers find at the end; absent or `null` for a normal end
   * @returns whether this call closed the channel: `false` when it was closed before
   */
  close(cause?: Error | null): boolean

  /** Whether the channel has been closed or cancelled: a send would be rejected. */
  readonly isClosedForSend: boolean

  /**
   * The channel as a WHATWG stream: a write is a `send`. Closing the stream closes the channel;
   * aborting it gives up a send that waits, and closes the channel with the reason as the cause.
   */
  writable(): WritableStream<T>
}
