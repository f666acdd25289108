import { expect, it } from 'vitest'
import { runModel } from '../support/topics-model.ts'

const SEEDS = Number(process.env['TOWPATH_MODEL_SEEDS'] ?? 1000)
const FIRST = Number(process.env['TOWPATH_MODEL_FIRST'] ?? 1)

it('T-01 to T-24 hold in random schedules of publishes, cuts, kills and restarts', async () => {
  let delivered = 0
  let gaps = 0
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const run = await runModel(seed)
    expect(run.violations, `seed ${seed}`).toEqual([])
    delivered += run.delivered
    gaps += run.gaps
  }
  expect(delivered).toBeGreaterThan(SEEDS * 20)
  expect(gaps).toBeGreaterThan(SEEDS / 10)
})
