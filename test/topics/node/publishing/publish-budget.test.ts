import { expect, it } from 'vitest'
import { PublishBudget } from '../../../../src/topics/node/publishing/publish-budget.ts'

it('has room up to its limit, and for one larger message alone', () => {
  const budget = new PublishBudget(1000)

  expect(budget.take(2000)).toBe(true)
  expect(budget.take(1)).toBe(false)
  budget.giveBack(2000)
  expect([budget.take(800), budget.take(800), budget.take(10)]).toEqual([true, false, true])
  budget.giveBack(800)
  budget.giveBack(10)

  expect(budget.bytes).toBe(0)
})
