/**
 * The overflow policy for values that go out of date: prices, positions, cursors.
 */

import type { Outbound } from './session.ts'

/** See `latestBy`. */
export class LatestBy {
  /** The key of what is being sent; `null` or `undefined` for what has none. */
  readonly key: (data: Outbound) => unknown

  constructor(key: (data: Outbound) => unknown) {
    this.key = key
  }
}

/**
 * A policy for `channels.outgoing.onOverflow`: while the peer is slow, a newer frame replaces the one with the
 * same key that is still waiting, in its place. So at most one frame of each key waits, and it is the latest.
 * The frame that is replaced is told to `monitor` as `frameDropped`; its `send` has resolved, and a `flush()`
 * behind it still means what it says.
 *
 * Frames without a key are never replaced: like new keys that find the queue full they wait for room, as under
 * `suspend`. Pings and pongs have no key. All data frames have to be whole messages, as under `drop-oldest`.
 *
 * @param key the key of a frame, compared as a `Map` does; `null` or `undefined` for none. May be called more than
 *   once for a frame that has to wait; what it throws reaches the sender, and the frame is not sent.
 * @throws {TypeError} if `key` is no function.
 *
 * @example
 * const onOverflow = latestBy((data) => (typeof data === 'string' ? data.split(' ')[0] : null))
 * app.install(WebSockets, { channels: { outgoing: { onOverflow } } })
 */
export function latestBy(key: (data: Outbound) => unknown): LatestBy {
  if (typeof key === 'function') return new LatestBy(key)
  throw new TypeError(`Cannot replace by key: the key is a ${typeof key}, expected a function`)
}
