import { describe, expect, it } from 'vitest'

import { SampleHistory } from '../../src/inspector/history.ts'
import { type Sample, SERIES } from '../../src/inspector/wire.ts'

// The object has the names of SERIES and no others.
const sample = (value: number): Sample =>
  Object.fromEntries(SERIES.map((name) => [name, value])) as unknown as Sample

describe('SampleHistory', () => {
  it('keeps the newest 600 samples', () => {
    const history = new SampleHistory()
    for (let second = 0; second < 700; second++) history.add(second * 1000, sample(second))
    const { times, series } = history.current

    expect(times).toHaveLength(600)
    expect([times[0], times.at(-1)]).toEqual([100_000, 699_000])
    expect([series.sessions[0], series.dropped.at(-1)]).toEqual([100, 699])
  })

  it('has a hole for the time in which nobody looked', () => {
    const history = new SampleHistory()
    for (const at of [1000, 2000, 60_000]) history.add(at, sample(at))

    expect(history.current.times).toEqual([1000, 2000, 2001, 60_000])
    expect(history.current.series.sessions).toEqual([1000, 2000, null, 60_000])
  })
})
