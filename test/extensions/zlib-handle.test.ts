import { describe, expect, it } from 'vitest'
import { handleEngine } from '../../src/extensions/zlib-handle.ts'
import { hex } from '../support/bytes.ts'
import { deflated, deflateEngineSuite, inflated } from '../suites/deflate-engine.ts'

describe('handleEngine', () => {
  deflateEngineSuite(handleEngine)

  it('inflate() is done when it returns', () => {
    const context = handleEngine.createInflate(15)

    expect(context.inflate(hex('f2 48 cd c9 c9 07 00'), 5)).toBeInstanceOf(Uint8Array)
    context.close()
  })

  it('inflate() refuses a message that was cut off anywhere', () => {
    const text = 'The quick brown fox jumps over the lazy dog; the dog sleeps on. '.repeat(5)
    const message = deflated(new TextEncoder().encode(text))

    for (let length = 1; length < message.length; length++) {
      const context = handleEngine.createInflate(15)
      expect(() => context.inflate(message.subarray(0, length), 1000)).toThrow(
        'Cannot decompress message',
      )
      context.close()
    }
  })

  it('compress() with a window of 8 bits never refers back further than 256 bytes', () => {
    // The same random bytes again and again: everything is 300 bytes away.
    const block = Uint8Array.from({ length: 300 }, (_, at) => (at * at * 31 + at * 17) & 255)
    const plain = new Uint8Array(30_000).map((_, at) => block[at % block.length] ?? 0)
    const compress = (windowBits: number): Uint8Array => {
      const context = handleEngine.createDeflate({ windowBits, level: 9, memoryLevel: 9 })
      const compressed = context.compress(plain)
      context.close()
      if (compressed instanceof Promise) throw new Error('not synchronous')
      return compressed
    }

    expect(inflated([compress(8)], 8)).toEqual(plain)
    expect(() => inflated([compress(10)], 8)).toThrow('invalid distance too far back')
  })
})
