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

describe('inflateAlone()', () => {
  it('knows nothing of the message before, nor of one that was refused', () => {
    const inflate = (message: string): unknown => inflateAlone(handleEngine, 15, hex(message), 5)

    expect(inflate('f2 48 cd c9 c9 07 00')).toEqual(new TextEncoder().encode('Hello'))
    expect(() => inflate(HELLO_AGAIN)).toThrow('Cannot decompress message')
    expect(inflate('f2 48 cd c9 c9 07 00')).toEqual(new TextEncoder().encode('Hello'))
  })
})
