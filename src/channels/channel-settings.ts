/** The limits and the overflow policy of a channel. */

/**
 * What `send` does when there is no room:
 * - `suspend`: waits for room;
 * - `close`: closes the channel with a `ChannelOverflowError`; buffered values can still be
 *   received;
 * - `drop-oldest`: drops the oldest values in the channel until there is room;
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

/** Options of a channel. */
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
   * above, or `Infinity`. One larger value is accepted all the same, alone.
   *
   * @defaultValue Infinity
   */
  readonly maxBytes?: number | undefined

  /**
   * Returns the size of a value in bytes: finite, 0 or above, and the same each time. Required if
   * `maxBytes` is finite.
   */
  readonly sizeOf?: ((value: T) => number) | undefined

  /** What happens when the channel is full. @defaultValue 'suspend' */
  readonly onOverflow?: OverflowPolicy | undefined

  /**
   * Called with each value that a `drop-…` policy has dropped. An error that it throws reaches the
   * sender.
   */
  readonly onDropped?: ((value: T) => void) | undefined
}

/** The default of each option. */
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

  /** Returns the size of `value`; 0 without `sizeOf`. */
  measure(value: T): number {
    return this.sizeOf === null ? 0 : this.sizeOf(value)
  }

  /**
   * Whether a value of `added` bytes fits in. One that is larger than `maxBytes` fits into an empty
   * buffer: otherwise it could never pass.
   */
  hasRoomFor({ size, bytes }: Filled, added: number): boolean {
    return size < this.capacity && (size === 0 || bytes + added <= this.maxBytes)
  }

  /** Whether the buffer is at or over a limit. */
  isFull({ size, bytes }: Filled): boolean {
    return size >= this.capacity || (bytes >= this.maxBytes && size > 0)
  }
}

/** How many values a buffer holds, and the sum of their sizes. */
interface Filled {
  readonly size: number
  readonly bytes: number
}
