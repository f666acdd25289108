import { describe, expect, it } from 'vitest'
import { optionReader } from '../../src/base/options/option-reader.ts'
import { CHANNEL_BOUNDS } from '../../src/session/channel-bounds.ts'

describe('CHANNEL_BOUNDS', () => {
  it('holds 64 frames and 1 MiB, and makes senders wait', () => {
    expect(CHANNEL_BOUNDS.defaults).toEqual({
      capacity: 64,
      maxBytes: 1_048_576,
      onOverflow: 'suspend',
    })
  })

  it('takes no queue without a bound', () => {
    for (const name of ['capacity', 'maxBytes']) {
      expect(() => CHANNEL_BOUNDS.read(optionReader('open'), { [name]: Infinity })).toThrow(
        `Cannot open: option "${name}" is Infinity, expected a whole number of 1 or above`,
      )
    }
  })
})
