import { describe, expect, it } from 'vitest'

import { createSessionId } from '../../../src/session/core/session-id.ts'

describe('createSessionId()', () => {
  it('writes 16 random bytes in base64url, without padding', () => {
    const filled = (byte: number) => (target: Uint8Array) => target.fill(byte)

    expect(createSessionId({ random: filled(0) })).toBe('AAAAAAAAAAAAAAAAAAAAAA')
    expect(createSessionId({ random: filled(0xff) })).toBe('_____________________w')
    expect(createSessionId({ random: filled(0xfb) })).toBe('-_v7-_v7-_v7-_v7-_v7-w')
  })
})
