/**
 * The bounds of the channels of a session, on every platform.
 */

import {
  choice,
  type OptionRules,
  type OptionTable,
  optionTable,
  wholeNumber,
} from '../base/internal.ts'
import type { OverflowPolicy } from '../channels/index.ts'
import { OVERFLOW_POLICIES } from '../channels/internal.ts'

/** How much one channel of a session may hold, and what happens when it is full. */
export interface ChannelBoundsOptions {
  /** Frames: a whole number above 0. @defaultValue 64 */
  readonly capacity?: number
  /**
   * Payload bytes: a whole number above 0. One larger frame still passes, alone.
   *
   * @defaultValue 1 MiB
   */
  readonly maxBytes?: number
  /**
   * The policy when the channel is full. `suspend` makes the sender wait; for `incoming` the sender
   * is the peer, which waits through TCP. `close` fails the session with 1008. `drop-oldest` and
   * `drop-latest` drop a frame, and `monitor` emits `frameDropped`.
   *
   * @defaultValue 'suspend'
   */
  readonly onOverflow?: OverflowPolicy
}

/** The bounds of one direction: `ChannelBoundsOptions` with every value. */
export interface ChannelBounds {
  /** Frames. */
  readonly capacity: number
  /** Payload bytes. One larger frame still passes, alone. */
  readonly maxBytes: number
  readonly onOverflow: OverflowPolicy
}

/** The cost of a frame in addition to its payload. Without it, empty frames would be free. */
export const FRAME_COST_BYTES = 64

/** The rule of each bound. */
export const CHANNEL_BOUND_RULES: OptionRules<ChannelBounds> = {
  capacity: wholeNumber(64),
  maxBytes: wholeNumber(1024 * 1024),
  onOverflow: choice('suspend', OVERFLOW_POLICIES),
}

/** The bounds of a channel without other policies. */
export const CHANNEL_BOUNDS: OptionTable<ChannelBounds> =
  optionTable<ChannelBounds>(CHANNEL_BOUND_RULES)
