import { describe, expect, it } from 'vitest'
import {
  decodeMessage,
  encodeMessage,
  MIN_MESSAGE_BYTES,
} from '../../../src/cli/bench/bench-message.ts'

const MESSAGE = { run: 0xdeadbeef, connection: 7, number: 4_000_000_000, intendedAt: 12.5 }

describe('decodeMessage()', () => {
  it.each([MIN_MESSAGE_BYTES, 29, 64, 100_000])('reads what was encoded in %i bytes', (size) => {
    expect(decodeMessage(encodeMessage(MESSAGE, size))).toEqual(MESSAGE)
  })

  it('finds each single changed bit', () => {
    const bytes = encodeMessage(MESSAGE, 40)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Uint8Array.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))

      expect(decodeMessage(changed)).toBeNull()
    }
  })

  it('finds bytes that are missing', () => {
    expect(decodeMessage(encodeMessage(MESSAGE, 40).subarray(0, 39))).toBeNull()
    expect(decodeMessage(new Uint8Array(0))).toBeNull()
  })
})
