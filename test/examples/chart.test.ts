/**
 * The chart of the example pages: from values to the shapes of an SVG.
 */

import { describe, expect, it } from 'vitest'
import { Chart } from '../../examples/public/chart.js'

function chartOf(...values: ReadonlyArray<readonly [at: number, value: number]>): Chart {
  const chart = new Chart()
  for (const [at, value] of values) chart.add(at, value)
  return chart
}

describe('Chart', () => {
  it('Chart draws the latest value at the right edge, and earlier ones to its left', () => {
    const { line, area } = chartOf([98, 10], [99, 5], [100, 0]).shapes(100, 10)

    expect(line).toBe('M58 0L59 50L60 100')
    expect(area).toBe('M58 100L58 0L59 50L60 100L60 100Z')
  })

  it('Chart moves to the left while no value comes', () => {
    expect(chartOf([98, 10], [99, 5]).shapes(109, 10).line).toBe('M49 0L50 50')
  })

  it('Chart breaks the line where no values came for more than 3 seconds', () => {
    const { line } = chartOf([90, 10], [91, 10], [95, 5], [96, 5]).shapes(100, 10)

    expect(line).toBe('M50 0L51 0M55 50L56 50')
  })

  it('Chart keeps the values of a minute, and one before them', () => {
    const chart = new Chart()
    for (let at = 0; at <= 1_000; at++) chart.add(at, 1)

    const { line } = chart.shapes(1_000, 1)

    expect(line.startsWith('M-1 0L0 0L1 0')).toBe(true)
    expect(line.match(/[ML]/g)).toHaveLength(62)
  })

  it.each([
    [[0], 2, 2],
    [[3.2], 2, 5],
    [[94], 50, 100],
    [[101, 7], 50, 200],
    [[1], 0.5, 1],
  ])('Chart of the values %j and at least %d is %d high', (values, atLeast, highest) => {
    const chart = chartOf(...values.map((value, at) => [at, value] as const))

    expect(chart.shapes(1, atLeast).highest).toBe(highest)
  })

  it('Chart without a value draws nothing', () => {
    expect(new Chart().shapes(100, 2)).toEqual({ line: '', area: '', highest: 2 })
  })
})
