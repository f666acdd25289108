import { describe, expect, it } from 'vitest'
import { compressAlone, inflateAlone } from '../../src/extensions/shared-contexts.ts'
import { handleEngine } from '../../src/extensions/zlib-handle.ts'
import { hex, toHex } from '../support/bytes.ts'
import { HELLO_AGAIN } from '../vectors/rfc7692.ts'

const OPTIONS = { windowBits: 15, level: 6, memoryLevel: 8 }

describe('compressAlone()', () => {
  it('compresses every message by itself', () => {
    const hello = new TextEncoder().encode('Hello')
    const made = [1, 2].map(() => compressAlone(handleEngine, OPTIONS, hello))

    expect(made.map((bytes) => toHex(bytes as Uint8Array))).toEqual([
      'f2 48 cd c9 c9 07 00 00 00 ff ff',
      'f2 48 cd c9 c9 07 00 00 00 ff ff',
    ])
  })
})

describe('compressAlone(), for a broadcast', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const compress = (text: string, options = OPTIONS): unknown =>
    compressAlone(handleEngine, options, bytes(text))

  it('the same message again is not compressed again', () => {
    const first = compress('a message')

    expect(compress('a message')).toBe(first)
    expect(compress('a massage')).not.toEqual(first)
    expect(compress('a message')).not.toBe(first)
  })

  it('each set of parameters has its own', () => {
    const stored = compress('aaaaaaaaaaaaaaaaaaaaaaaa', { ...OPTIONS, level: 0 })

    expect(compress('aaaaaaaaaaaaaaaaaaaaaaaa')).not.toEqual(stored)
  })

  it('a message whose bytes have changed meanwhile is another one', () => {
    const message = bytes('a message')
    const first = compressAlone(handleEngine, OPTIONS, message)
    message[0] = 98

    expect(compressAlone(handleEngine, OPTIONS, message)).not.toEqual(first)
    expect(compressAlone(handleEngine, OPTIONS, message)).toEqual(compress('b message'))
  })

  it('a shorter message that begins alike is another one', () => {
    const long = compress('abcabc')

    expect(compress('abc')).not.toEqual(long)
  })

  it('large messages are compressed each time, and not kept', () => {
    const text = 'a'.repeat(70_000)
    const first = compress(text)

    expect(compress(text)).toEqual(first)
    expect(compress(text)).not.toBe(first)
  })
})

describe('inflateAlone()', () => {
  it('knows nothing of the message before, nor of one that was refused', () => {
    const inflate = (message: string): unknown => inflateAlone(handleEngine, 15, hex(message), 5)

    expect(inflate('f2 48 cd c9 c9 07 00')).toEqual(new TextEncoder().encode('Hello'))
    expect(() => inflate(HELLO_AGAIN)).toThrow('Cannot decompress message')
    expect(inflate('f2 48 cd c9 c9 07 00')).toEqual(new TextEncoder().encode('Hello'))
  })
})
