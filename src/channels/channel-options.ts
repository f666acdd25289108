/**
 * Reads the options of a channel that a user makes.
 */

import {
  callback,
  choice,
  numberBetween,
  optionReader,
  optionTable,
  wholeOrInfinite,
} from '../base/internal.ts'
import {
  CHANNEL_DEFAULTS,
  type ChannelOptions,
  ChannelSettings,
  OVERFLOW_POLICIES,
} from './channel-settings.ts'

const ACT = 'create a channel'

/** The values of the options. The functions take values of the channel's type. */
type ChannelValues = Pick<ChannelSettings<never>, keyof ChannelOptions<never>>

/** The table of `ChannelOptions`. */
const CHANNEL_OPTIONS = optionTable<ChannelValues>({
  capacity: wholeOrInfinite(CHANNEL_DEFAULTS.capacity, 0),
  maxBytes: numberBetween(CHANNEL_DEFAULTS.maxBytes, 0, Infinity),
  sizeOf: callback<ChannelValues['sizeOf']>(null),
  onOverflow: choice(CHANNEL_DEFAULTS.onOverflow, OVERFLOW_POLICIES),
  onDropped: callback<ChannelValues['onDropped']>(null),
})

/**
 * Reads options that a user has given.
 *
 * @throws {RangeError} if a number is out of range, or the policy and the capacity exclude each
 *   other.
 * @throws {TypeError} for an unknown option, a value of the wrong type, or a missing `sizeOf`.
 */
export function readChannelOptions<T>(options: ChannelOptions<T>): ChannelSettings<T> {
  const { maxBytes, capacity, onOverflow } = CHANNEL_OPTIONS.read(optionReader(ACT), options)
  if (maxBytes !== Infinity && options.sizeOf === undefined) {
    throw new TypeError(
      'Cannot limit a channel by maxBytes: sizeOf is missing, expected a function',
    )
  }
  if (onOverflow === 'drop-oldest' && capacity === 0) {
    throw new RangeError(`Cannot ${ACT}: capacity is 0, expected 1 or above for drop-oldest`)
  }
  return new ChannelSettings({ ...options, sizeOf: checkedSizeOf(options.sizeOf) })
}

/** An invalid size would make the sum of all sizes wrong for good. */
function checkedSizeOf<T>(sizeOf: ChannelOptions<T>['sizeOf']): ChannelOptions<T>['sizeOf'] {
  if (sizeOf === undefined) return undefined
  return (value) => {
    const bytes = sizeOf(value)
    if (bytes >= 0 && bytes < Infinity) return bytes
    throw new RangeError(
      `Cannot send: sizeOf returned ${bytes}, expected a finite number of 0 or above`,
    )
  }
}
