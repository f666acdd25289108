import { describe, expect, it } from 'vitest'
import type { DeflateEngine } from '../../src/extensions/deflate-contexts.ts'
import { chooseEngine, passesSelfTest } from '../../src/extensions/self-test.ts'
import { handleEngine } from '../../src/extensions/zlib-handle.ts'
import { streamEngine } from '../../src/extensions/zlib-stream.ts'

describe('chooseEngine()', () => {
  it('chooses the handle of this runtime by itself', () => {
    expect(chooseEngine('auto')).toBe(handleEngine)
  })

  it('chooses the public stream when told to', () => {
    expect(chooseEngine('stream')).toBe(streamEngine)
  })
})

describe('passesSelfTest()', () => {
  it('is true for the handle', () => {
    expect(passesSelfTest(handleEngine)).toBe(true)
  })

  for (const [what, broken] of [
    [
      'cannot be made',
      {
        createDeflate: () => {
          throw new TypeError('zlib is not like that')
        },
      },
    ],
    [
      'forgets between messages',
      {
        createDeflate: (options: Parameters<DeflateEngine['createDeflate']>[0]) => {
          const context = handleEngine.createDeflate(options)
          return {
            compress: (bytes: Uint8Array) => {
              context.reset()
              return context.compress(bytes)
            },
            reset: () => context.reset(),
            close: () => context.close(),
          }
        },
      },
    ],
    [
      'is not done when it returns',
      {
        createDeflate: () => ({
          compress: () => Promise.resolve(new Uint8Array(5)),
          reset: () => {},
          close: () => {},
        }),
      },
    ],
    ['inflates something else', inflating((bytes) => bytes.map((byte) => byte ^ 1))],
    ['knows no limit', inflating((bytes) => bytes, Infinity)],
  ] as const) {
    it(`is false for an engine that ${what}`, () => {
      expect(passesSelfTest({ ...handleEngine, ...broken })).toBe(false)
    })
  }

  it('is false for an engine that takes rubbish for a message', () => {
    const createInflate = (windowBits: number): ReturnType<DeflateEngine['createInflate']> => {
      const context = handleEngine.createInflate(windowBits)
      return {
        inflate: (message, limit) =>
          message.length === 2 ? new Uint8Array(0) : context.inflate(message, limit),
        reset: () => context.reset(),
        close: () => context.close(),
      }
    }

    expect(passesSelfTest({ ...handleEngine, createInflate })).toBe(false)
  })
})

/** Inflates on the handle and changes what comes out, or the limit. */
function inflating(
  change: (bytes: Uint8Array) => Uint8Array,
  forced?: number,
): Pick<DeflateEngine, 'createInflate'> {
  return {
    createInflate: (windowBits) => {
      const context = handleEngine.createInflate(windowBits)
      return {
        inflate: (message, limit) => {
          const bytes = context.inflate(message, forced ?? limit)
          if (bytes instanceof Promise) throw new Error('not synchronous')
          return change(bytes)
        },
        reset: () => context.reset(),
        close: () => context.close(),
      }
    },
  }
}
