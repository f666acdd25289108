/**
 * The overflow policy for values that become outdated: prices, positions, cursors.
 */

import type { Outbound } from './session.ts'

/** See `latestBy`. */
export class LatestBy {
  /** Returns the key of the data; `null` or `undefined` for data without a key. */
  readonly key: (data: Outbound) => unknown

  constructor(key: (data: Outbound) => unknown) {
    this.key = key
  }
}

/**
 * A policy for `channels.outgoing.onOverflow`. While the peer is slow, a newer frame takes the
 * place of the waiting frame with the same key. So at most one frame of each key waits, and it is
 * the latest. `monitor` emits `frameDropped` for the replaced frame. The `send` of the replaced
 * frame has already resolved, and a `flush()` behind it resolves as usual.
 *
 * Frames without a key are never replaced. Such frames, and frames with a new key, wait for room
 * while the queue is full, as under `suspend`. Pings and pongs have no key. All data frames must be
 * whole messages, as under `drop-oldest`.
 *
 * @param key returns the key of a frame, which is compared as in a `Map`; `null` or `undefined` for
 *   no key. May be called more than once for a frame that waits. If it throws, `send` rejects with
 *   the error, and the frame is not sent.
 * @throws {TypeError} if `key` is not a function.
 *
 * @example
 * const onOverflow = latestBy((data) => (typeof data === 'string' ? data.split(' ')[0] : null))
 * app.install(WebSockets, { channels: { outgoing: { onOverflow } } })
 */
export function latestBy(key: (data: Outbound) => unknown): LatestBy {
  if (typeof key === 'function') return new LatestBy(key)
  throw new TypeError(`Cannot replace by key: the key is a ${typeof key}, expected a function`)
}
