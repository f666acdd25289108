import { describe, expect, it } from 'vitest'
import { ChannelSettings } from '../../src/channels/channel-settings.ts'

describe('ChannelSettings', () => {
  it('ChannelSettings fills in the defaults', () => {
    expect(new ChannelSettings({})).toMatchObject({
      capacity: 64,
      maxBytes: Infinity,
      sizeOf: null,
      onOverflow: 'suspend',
      onDropped: null,
    })
  })

  it('ChannelSettings takes undefined for absent', () => {
    const options = { capacity: undefined, maxBytes: undefined, sizeOf: undefined }

    expect(new ChannelSettings(options).capacity).toBe(64)
  })
})
