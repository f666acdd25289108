import { describe, expect, it } from 'vitest'
import { RingBudget, type Shrinkable } from '../../../src/topics/node/ring-budget.ts'

class Shrinking implements Shrinkable {
  bytes = 0
  readonly #budget: RingBudget

  constructor(budget: RingBudget) {
    this.#budget = budget
  }

  grow(bytes: number): void {
    this.bytes += bytes
    this.#budget.changed(this, bytes)
  }

  shrink(): void {
    this.grow(-this.bytes)
  }
}

describe('RingBudget', () => {
  it('shrinks the rings that were used longest ago', () => {
    const budget = new RingBudget(100)
    const [a, b, c] = [new Shrinking(budget), new Shrinking(budget), new Shrinking(budget)]
    a.grow(40)
    b.grow(40)
    a.grow(10)

    c.grow(30)

    expect([a.bytes, b.bytes, c.bytes]).toEqual([50, 0, 30])
    expect(budget.bytes).toBe(80)
  })

  it('leaves the ring alone that has just grown', () => {
    const budget = new RingBudget(100)
    const only = new Shrinking(budget)
    only.grow(500)

    expect(only.bytes).toBe(500)
  })
})
