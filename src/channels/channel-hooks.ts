/** The callbacks through which a channel reports to its owner. */

import type { Clock } from '../base/index.ts'

/**
 * Callbacks for the owner of a channel. The owner is the first argument, so that one object of
 * hooks serves all owners. Hooks may call any method of the channel (except `admit`), and must not
 * throw.
 */
export interface ChannelHooks<T, O> {
  /**
   * Called when a value from `send` or `trySend` is about to be accepted. The channel accepts the
   * returned value instead (a copy). If it throws, the value is not sent, and the sender gets the
   * error. It must not call the channel. Values from `offer` are not passed to it.
   */
  readonly admit?: (owner: O, value: T) => T

  /** `takeNext` has a value, and no `receive` was waiting for it. */
  readonly onBuffered?: (owner: O) => void

  /**
   * The channel was full, and is now open and no longer full. Waiting senders were let in first.
   */
  readonly onRoom?: (owner: O) => void

  /** A `drop-…` policy dropped a value; called after the channel's own `onDropped`. */
  readonly onDropped?: (owner: O, value: T) => void

  /** `close` or an overflow has closed the channel for senders; not called by `cancel`. */
  readonly onClose?: (owner: O, cause: Error | null) => void

  /**
   * A receive finds that the channel has ended. Its result waits for the returned promise, if any:
   * code that receives in a loop without checking the result must not block the event loop.
   */
  readonly onEndReceived?: (owner: O) => Promise<void> | null

  /** Returns the id of the channel's session, for its errors. */
  readonly sessionId?: (owner: O) => string

  /** The receiving side has cancelled; the channel's content is dropped. */
  readonly onCancel?: (owner: O, cause: Error | null) => void

  /** Returns the clock for timeouts of `receive`. Required for channels that users receive from. */
  readonly clock?: (owner: O) => Clock
}

/** The second argument of a channel that belongs to a session. */
export interface ChannelInternals<T, O> {
  readonly owner: O
  readonly hooks: ChannelHooks<T, O>
}
