import { describe, expect, it } from 'vitest'
import { Histogram } from '../../../src/cli/bench/histogram.ts'

describe('Histogram', () => {
  it('knows each percentile to 2 %, from microseconds to hours', () => {
    for (const scale of [0.01, 1, 1000, 3_600_000]) {
      const histogram = new Histogram()
      for (let index = 1; index <= 1000; index++) histogram.record((index * scale) / 1000)

      for (const share of [0.5, 0.9, 0.99, 0.999]) {
        const ratio = histogram.percentile(share) / (share * scale)
        expect(ratio).toBeGreaterThan(scale < 1 ? 0.9 : 0.98)
        expect(ratio).toBeLessThan(1.02)
      }
      expect(histogram.percentiles.max).toBeCloseTo(scale)
    }
  })

  it('is the same merged from two as from one', () => {
    const [all, odd, even] = [new Histogram(), new Histogram(), new Histogram()]
    for (let index = 0; index < 100; index++) {
      all.record(index)
      if (index % 2 === 0) even.record(index)
      else odd.record(index)
    }
    const merged = new Histogram()
    merged.add(structuredClone(odd.data))
    merged.add(structuredClone(even.data))

    expect(merged.percentiles).toEqual(all.percentiles)
  })

  it('is all zeros without a value, and takes 0 and negative times', () => {
    const histogram = new Histogram()
    expect(histogram.percentiles).toMatchObject({ count: 0, min: 0, p99: 0, max: 0 })

    histogram.record(-1)
    expect(histogram.percentiles).toMatchObject({ count: 1, min: 0, p99: 0, max: 0 })
  })
})
