import { expect, it } from 'vitest'

import { METRICS } from '../../src/operations/names.ts'

it('each metric has a name of its own under one prefix, a description and a unit', () => {
  const metrics = Object.values(METRICS)

  expect(new Set(metrics.map(({ dotted }) => dotted)).size).toBe(metrics.length)
  for (const { dotted, description, unit } of metrics) {
    expect(dotted).toMatch(/^towpath(\.[a-z_]+)+$/)
    expect(description).not.toBe('')
    expect(unit).not.toBe('')
  }
})
