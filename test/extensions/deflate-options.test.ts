import { describe, expect, it } from 'vitest'
import { CompressionBudget, processBudget } from '../../src/extensions/compression-budget.ts'
import { readDeflateOptions } from '../../src/extensions/deflate-options.ts'

describe('readDeflateOptions()', () => {
  it('has a default for everything', () => {
    expect(readDeflateOptions({})).toEqual({
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 12,
      clientMaxWindowBits: 12,
      threshold: 256,
      level: 6,
      memoryLevel: 5,
      compressIf: null,
      maxRatio: 100,
      idleTimeout: 30_000,
      budget: processBudget,
      engine: 'auto',
    })
  })

  it('takes what is given', () => {
    const given = {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 8,
      clientMaxWindowBits: 15,
      threshold: 0,
      level: 0,
      memoryLevel: 9,
      compressIf: () => true,
      maxRatio: Infinity,
      idleTimeout: null,
      budget: new CompressionBudget(0),
      engine: 'stream',
    } as const

    expect(readDeflateOptions(given)).toEqual(given)
  })

  it('reads undefined as absent, and durations in other units', () => {
    const settings = readDeflateOptions({
      threshold: undefined as never,
      idleTimeout: { minutes: 1 },
    })

    expect([settings.threshold, settings.idleTimeout]).toEqual([256, 60_000])
  })

  for (const options of [
    { serverMaxWindowBits: 7 },
    { clientMaxWindowBits: 16 },
    { serverMaxWindowBits: 9.5 },
    { threshold: -1 },
    { level: 10 },
    { memoryLevel: 0 },
    { maxRatio: 0.5 },
    { maxRatio: NaN },
    { idleTimeout: 0 },
    { idleTimeout: -1 },
  ]) {
    it(`refuses ${JSON.stringify(options)} as out of range`, () => {
      expect(() => readDeflateOptions(options)).toThrow(RangeError)
    })
  }

  for (const options of [
    { serverNoContextTakeover: 1 },
    { level: '6' },
    { compressIf: true },
    { budget: 100 },
    { budget: null },
    { engine: 'native' },
    { idleTimeout: 'soon' },
    { treshold: 10 },
    { toString: 1 },
  ]) {
    it(`refuses ${JSON.stringify(options)} as no option or of the wrong kind`, () => {
      expect(() => readDeflateOptions(options as never)).toThrow(TypeError)
    })
  }

  it('says what would have been right', () => {
    expect(() => readDeflateOptions({ level: 10 })).toThrow(
      'Cannot set up permessage-deflate: option "level" is 10, expected a whole number from 0 to 9',
    )
  })
})
