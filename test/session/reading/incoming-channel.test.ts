import { describe, expect, it } from 'vitest'
import {
  heldBytesOf,
  incomingSettings,
  leftAhead,
  mostAhead,
} from '../../../src/session/reading/incoming-channel.ts'

const BOUNDS = { capacity: 4, maxBytes: 256 * 1024, onOverflow: 'suspend' } as const

describe('incomingSettings()', () => {
  it('are made once for all sessions of a route, also with a policy that drops frames', () => {
    const dropping = { ...BOUNDS, onOverflow: 'drop-oldest' } as const

    expect(incomingSettings(BOUNDS)).toBe(incomingSettings(BOUNDS))
    expect(incomingSettings(dropping)).toBe(incomingSettings(dropping))
    expect(incomingSettings(dropping)).not.toBe(incomingSettings(BOUNDS))
  })
})

describe('heldBytesOf()', () => {
  it('counts 256 bytes for each frame beside its payload', () => {
    expect(heldBytesOf({ bytes: 1000, size: 3 })).toBe(1768)
  })
})

describe('mostAhead(), leftAhead()', () => {
  it('allow as much again as the channel holds, from 64 KiB to 1 MiB', () => {
    expect(mostAhead(BOUNDS, 1000)).toBe(256 * 1024 + 1000)
    expect(mostAhead({ ...BOUNDS, maxBytes: 1 }, 0)).toBe(64 * 1024)
    expect(mostAhead({ ...BOUNDS, maxBytes: Infinity }, 0)).toBe(1024 * 1024)
    expect(leftAhead(BOUNDS, 0, 100 * 1024)).toBe(156 * 1024)
    expect(leftAhead(BOUNDS, 0, 250 * 1024)).toBe(64 * 1024)
  })
})
