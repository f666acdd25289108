import { describe, expect, it } from 'vitest'
import { HeldBudget, HeldEvents } from '../../../../src/topics/node/following/held-events.ts'

const event = (offset: number, bytes = 1): Parameters<HeldEvents['add']>[0] => ({
  place: { epoch: 'e', offset, previous: offset - 1 },
  message: new Uint8Array(bytes),
})

describe('HeldEvents', () => {
  it('returns the events in order, once', () => {
    const held = new HeldEvents(new HeldBudget())
    for (const offset of [3, 1, 2]) held.add(event(offset))

    expect(held.find(({ place }) => place.offset < 3)?.place.offset).toBe(1)
    const { events, hasDropped } = held.take()
    expect(events.map(({ place }) => place.offset)).toEqual([3, 1, 2])
    expect(hasDropped).toBe(false)
    expect(held.isEmpty).toBe(true)
    expect(held.take().events).toEqual([])
  })

  it.each([
    ['events', 300, 1, 256],
    ['bytes', 10, 300_000, 3],
  ])('drops what is above the limit of %s, and says so', (_limit, count, bytes, kept) => {
    const held = new HeldEvents(new HeldBudget())
    for (let offset = 1; offset <= count; offset++) held.add(event(offset, bytes))

    expect(held.isEmpty).toBe(false)
    const { events, hasDropped } = held.take()
    expect(events).toHaveLength(kept)
    expect(hasDropped).toBe(true)
    held.add(event(1, 300_000))
    expect(held.take()).toMatchObject({ events: { length: 1 }, hasDropped: false })
  })
  it('puts events back before those that came since', () => {
    const held = new HeldEvents(new HeldBudget())
    held.add(event(1))
    held.add(event(2))
    const { events } = held.take()
    held.add(event(3))

    held.putBack(events.slice(1), true)

    expect(held.isEmpty).toBe(false)
    const taken = held.take()
    expect(taken.events.map(({ place }) => place.offset)).toEqual([2, 3])
    expect(taken.hasDropped).toBe(true)
  })

  it('topics of a node hold events within one budget, and give back what they no longer hold', () => {
    const budget = new HeldBudget(10 * (256 + 100))
    const [first, second] = [new HeldEvents(budget), new HeldEvents(budget)]
    for (let offset = 1; offset <= 8; offset++) first.add(event(offset, 100))
    for (let offset = 1; offset <= 8; offset++) second.add(event(offset, 100))

    const kept = second.take()
    expect(kept).toMatchObject({ events: { length: 2 }, hasDropped: true })
    second.putBack(kept.events, kept.hasDropped)
    second.putBack([], false)
    expect(second.take()).toMatchObject({ events: { length: 2 }, hasDropped: true })
    expect(first.take().events).toHaveLength(8)
    expect(budget.bytes).toBe(0)
  })
})
