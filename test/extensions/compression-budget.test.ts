import { describe, expect, it } from 'vitest'
import {
  CompressionBudget,
  deflateContextBytes,
  inflateContextBytes,
  processBudget,
} from '../../src/extensions/compression-budget.ts'

describe('CompressionBudget', () => {
  it('counts what is held, and how often', () => {
    const budget = new CompressionBudget(100)
    budget.take(60)
    budget.take(30)
    budget.giveBack(60)

    expect([budget.used, budget.contexts, budget.limit]).toEqual([30, 1, 100])
  })

  it('hasRoom() is true up to the limit and not past it', () => {
    const budget = new CompressionBudget(100)
    budget.take(60)

    expect([budget.hasRoom(40), budget.hasRoom(41)]).toEqual([true, false])
  })

  it('take() counts past the limit, too', () => {
    const budget = new CompressionBudget(0)
    budget.take(10)

    expect(budget.used).toBe(10)
  })

  it('has room for anything without a limit', () => {
    expect(new CompressionBudget(Infinity).hasRoom(2 ** 50)).toBe(true)
  })

  for (const limit of [-1, 1.5, NaN, '1' as never]) {
    it(`refuses a limit of ${String(limit)}`, () => {
      expect(() => new CompressionBudget(limit)).toThrow(RangeError)
    })
  }

  it('of the process is 128 MiB', () => {
    expect(processBudget.limit).toBe(134_217_728)
  })
})

describe('deflateContextBytes()', () => {
  it('is about 100 KiB for the defaults, and 270 KiB for what zlib does by itself', () => {
    expect(deflateContextBytes(12, 5)).toBe(102_400)
    expect(deflateContextBytes(15, 8)).toBe(274_432)
  })
})

describe('inflateContextBytes()', () => {
  it('is the window and a little more', () => {
    expect(inflateContextBytes(12)).toBe(16_384)
    expect(inflateContextBytes(15)).toBe(45_056)
  })
})
