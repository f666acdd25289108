import { describe, expect, it } from 'vitest'
import { acceptKey, isKey } from '../../../src/protocol/handshake/accept-key.ts'
import { HANDSHAKE_EXAMPLE } from '../../vectors/rfc6455.ts'

describe('acceptKey()', () => {
  it('acceptKey() answers the example of RFC 6455 §1.3', () => {
    expect(acceptKey(HANDSHAKE_EXAMPLE.key)).toBe(HANDSHAKE_EXAMPLE.accept)
  })
})

describe('isKey()', () => {
  it('isKey() takes the base64 of 16 bytes', () => {
    expect(isKey(HANDSHAKE_EXAMPLE.key)).toBe(true)
    expect(isKey('AAAAAAAAAAAAAAAAAAAAAA==')).toBe(true)
    expect(isKey('/////////////////////w==')).toBe(true)
  })

  it('isKey() refuses other lengths, other characters and other endings', () => {
    for (const key of [
      '',
      'dGhlIHNhbXBsZSBub25jZQ',
      'dGhlIHNhbXBsZSBub25jZQ=',
      'dGhlIHNhbXBsZSBub25jZR==',
      'dGhlIHNhbXBsZSBub25jZSE=',
      'dGhlIHNhbXBsZSBub25jZSEh',
      'dGhlIHNhbXBsZSBub25j',
      'dGhlIHNhbXBsZSBub25jZQ==\n',
      '-GhlIHNhbXBsZSBub25jZQ==',
      'AdGhlIHNhbXBsZSBub25jZQ==',
      ' dGhlIHNhbXBsZSBub25jZQ==',
    ]) {
      expect(isKey(key)).toBe(false)
    }
  })
})
