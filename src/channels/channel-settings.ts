/**
 * How much a channel may hold, and what happens when it is full.
 */

/**
 * What `send` does when there is no room:
 * - `suspend`: waits for it;
 * - `close`: closes the channel with a `ChannelOverflowError`; what it holds can still be received;
 * - `drop-oldest`: drops what has been in the channel longest, until there is room;
 * - `drop-latest`: drops the value that is being sent.
 */
export type OverflowPolicy = 'suspend' | 'close' | 'drop-oldest' | 'drop-latest'

/** Every policy. */
export const OVERFLOW_POLICIES: readonly OverflowPolicy[] = [
  'suspend',
  'close',
  'drop-oldest',
  'drop-latest',
]

/** How a channel is set up. */
export interface ChannelOptions<T> {
  /**
   * How many values the channel holds before it is full: a whole number, or `Infinity`. With 0 it
   * holds none, and a send waits until a receiver takes its value.
   *
   * @defaultValue 64
   */
  readonly capacity?: number | undefined

  /**
   * How many bytes the values in the channel may have together, as measured by `sizeOf`: 0 or
   * above, or `Infinity`. One value that is larger is let in all the same, alone.
   *
   * @defaultValue Infinity
   */
  readonly maxBytes?: number | undefined

  /**
   * The size of a value in bytes, finite, 0 or above, the same each time. Needed when `maxBytes` is
   * finite.
   */
  readonly sizeOf?: ((value: T) => number) | undefined

  /** @defaultValue 'suspend' */
  readonly onOverflow?: OverflowPolicy | undefined

  /**
   * Called with each value that a `drop-…` policy drops, after that. What it throws reaches the
   * sender.
   */
  readonly onDropped?: ((value: T) => void) | undefined
}

/** What holds without an option. */
export const CHANNEL_DEFAULTS: {
  readonly capacity: number
  readonly maxBytes: number
  readonly onOverflow: OverflowPolicy
} = { capacity: 64, maxBytes: Infinity, onOverflow: 'suspend' }

/** Options with defaults applied. Not validated: callers validate user input first. */
export class ChannelSettings<T> {
  readonly capacity: number
  readonly maxBytes: number
  readonly sizeOf: ((value: T) => number) | null
  readonly onOverflow: OverflowPolicy
  readonly onDropped: ((value: T) => void) | null

  constructor(options: ChannelOptions<T>) {
    this.capacity = options.capacity ?? CHANNEL_DEFAULTS.capacity
    this.maxBytes = options.maxBytes ?? CHANNEL_DEFAULTS.maxBytes
    this.sizeOf = options.sizeOf ?? null
    this.onOverflow = options.onOverflow ?? CHANNEL_DEFAULTS.onOverflow
    this.onDropped = options.onDropped ?? null
  }
}
