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

/** How a channel is set up. */
export interface ChannelOptions<T> {
  /**
   * How many values the channel holds before it is full: a whole number, or `Infinity`. With 0 it holds
   * none, and a send waits until a receiver takes its value.
   *
   * @defaultValue 64
   */
  readonly capacity?: number | undefined

  /**
   * How many bytes the values in the channel may have together, as measured by `sizeOf`: 0 or above, or
   * `Infinity`. One value that is larger is let in all the same, alone.
   *
   * @defaultValue Infinity
   */
  readonly maxBytes?: number | undefined

  /** The size of a value in bytes, finite, 0 or above, the same each time. Needed when `maxBytes` is finite. */
  readonly sizeOf?: ((value: T) => number) | undefined

  /** @defaultValue 'suspend' */
  readonly onOverflow?: OverflowPolicy | undefined

  /** Called with each value that a `drop-…` policy drops, after that. What it throws reaches the sender. */
  readonly onDropped?: ((value: T) => void) | undefined
}

const DEFAULT_CAPACITY = 64

const NAMES: readonly string[] = ['capacity', 'maxBytes', 'sizeOf', 'onOverflow', 'onDropped']

const POLICIES: readonly OverflowPolicy[] = ['suspend', 'close', 'drop-oldest', 'drop-latest']

/** Checked options with all defaults filled in. One object may serve any number of channels. */
export class ChannelSettings<T> {
  readonly capacity: number
  readonly maxBytes: number
  readonly sizeOf: ((value: T) => number) | null
  readonly onOverflow: OverflowPolicy
  readonly onDropped: ((value: T) => void) | null

  /**
   * @throws {RangeError} if a number is out of its range, or the policy and the capacity exclude each other.
   * @throws {TypeError} if an option is unknown or of the wrong kind, or `sizeOf` is missing.
   */
  constructor(options: ChannelOptions<T>) {
    rejectUnknownNames(options)
    this.capacity = checkCapacity(options.capacity ?? DEFAULT_CAPACITY)
    this.maxBytes = checkMaxBytes(options.maxBytes ?? Infinity)
    this.sizeOf = checkFunction(options.sizeOf ?? null, 'sizeOf')
    this.onOverflow = checkPolicy(options.onOverflow ?? 'suspend')
    this.onDropped = checkFunction(options.onDropped ?? null, 'onDropped')

    if (this.maxBytes !== Infinity && this.sizeOf === null) {
      throw new TypeError('Cannot bound a channel by maxBytes: sizeOf is missing')
    }
    if (this.onOverflow === 'drop-oldest' && this.capacity === 0) {
      throw new RangeError(
        'Cannot create a channel: one of capacity 0 holds nothing to drop, expected a capacity of 1 or above for drop-oldest',
      )
    }
  }
}

function rejectUnknownNames(options: object): void {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown === undefined) return
  throw new TypeError(
    `Cannot create a channel: there is no option "${unknown}", expected ${NAMES.join(', ')}`,
  )
}

function checkCapacity(capacity: number): number {
  if (typeof capacity !== 'number') {
    throw new TypeError(`Cannot use a ${typeof capacity} for capacity, expected a number`)
  }
  if (capacity !== Infinity && (!Number.isSafeInteger(capacity) || capacity < 0)) {
    throw new RangeError(
      `Cannot use ${capacity} for capacity, expected a whole number of 0 or above, or Infinity`,
    )
  }
  return capacity
}

function checkMaxBytes(maxBytes: number): number {
  if (typeof maxBytes !== 'number') {
    throw new TypeError(`Cannot use a ${typeof maxBytes} for maxBytes, expected a number`)
  }
  if (!(maxBytes >= 0)) {
    throw new RangeError(`Cannot use ${maxBytes} for maxBytes, expected 0 or above, or Infinity`)
  }
  return maxBytes
}

function checkPolicy(policy: OverflowPolicy): OverflowPolicy {
  if (!POLICIES.includes(policy)) {
    throw new TypeError(
      `Cannot use "${policy}" for onOverflow, expected one of ${POLICIES.join(', ')}`,
    )
  }
  return policy
}

function checkFunction<F>(value: F, what: string): F {
  if (value !== null && typeof value !== 'function') {
    throw new TypeError(`Cannot use a ${typeof value} for ${what}, expected a function`)
  }
  return value
}
