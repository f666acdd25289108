import { describe, expect, it } from 'vitest'

import { Quantiles } from '../../src/inspector/quantiles.ts'

describe('Quantiles', () => {
  it('are at most a fifth too large', () => {
    const quantiles = new Quantiles()
    for (let ms = 1; ms <= 1000; ms++) quantiles.add(ms)

    expect(quantiles.at(0.5)).toBeGreaterThanOrEqual(500)
    expect(quantiles.at(0.5)).toBeLessThanOrEqual(600)
    expect(quantiles.at(0.99)).toBeGreaterThanOrEqual(990)
    expect(quantiles.at(0.99)).toBeLessThanOrEqual(1190)
  })

  it.each([[0], [-1], [1e-9]])('a time of %d ms falls into the first bucket', (ms) => {
    const quantiles = new Quantiles()
    quantiles.add(ms)

    expect(quantiles.at(0.5)).toBe(1 / 16)
  })

  it('a time of a day falls into the last bucket', () => {
    const quantiles = new Quantiles()
    quantiles.add(86_400_000)

    expect(quantiles.at(1)).toBeGreaterThan(600_000)
  })

  it('without times there is none', () => {
    expect(new Quantiles().at(0.5)).toBe(null)
  })
})
