import { describe, expect, it } from 'vitest'
import { encodeData, encodeEnvelope } from '../../../../src/topics/kind/envelope.ts'
import { NewestByKey } from '../../../../src/topics/node/reading/newest-by-key.ts'
import { RingBudget } from '../../../../src/topics/node/ring-budget.ts'
import { TopicEvent } from '../../../../src/topics/node/topic-event.ts'

function eventOf(offset: number, size = 1): TopicEvent {
  const data = encodeData('x'.repeat(size))
  return new TopicEvent(
    offset,
    true,
    encodeEnvelope({ at: 0, key: null, publisher: null, ...data }),
  )
}

const offsetsOf = ({ events }: NewestByKey): number[] => [...events].map(({ offset }) => offset)

describe('NewestByKey', () => {
  it('keeps the newest event of each key in order of offsets, and counts its memory', () => {
    const budget = new RingBudget()
    const newest = new NewestByKey(budget)
    for (const [offset, key] of ['a', 'b', 'c', 'a'].entries()) newest.add(key, eventOf(offset + 1))

    expect(offsetsOf(newest)).toEqual([2, 3, 4])
    expect(budget.bytes).toBe(3 * eventOf(1).bytes)
    newest.clear()
    expect(budget.bytes).toBe(0)
  })

  it('T-58 forgets the oldest events above 16 MiB, and says so', () => {
    const newest = new NewestByKey(new RingBudget())
    for (let offset = 1; offset <= 20; offset++) newest.add(`${offset}`, eventOf(offset, 1 << 20))

    expect(newest.bytes).toBeLessThanOrEqual(16 << 20)
    expect(offsetsOf(newest)).toEqual([16, 17, 18, 19, 20])
    expect([newest.lostAt, newest.lostReason]).toEqual([15, 'lagging'])
  })

  it('one event that is too large alone is kept', () => {
    const newest = new NewestByKey(new RingBudget())
    newest.add('a', eventOf(1, 8 << 20))

    expect(offsetsOf(newest)).toEqual([1])
  })

  it('forgets the older half when other topics need the memory', () => {
    const budget = new RingBudget(6 * eventOf(1).bytes)
    const [first, second] = [new NewestByKey(budget), new NewestByKey(budget)]
    for (let offset = 1; offset <= 5; offset++) first.add(`${offset}`, eventOf(offset))

    second.add('a', eventOf(1))
    second.add('b', eventOf(2))

    expect(offsetsOf(first)).toEqual([4, 5])
    expect([first.lostAt, first.lostReason]).toEqual([3, 'lagging'])
  })

  it('a later loss decides the reason', () => {
    const newest = new NewestByKey(new RingBudget())
    newest.lost(7, 'lagging')
    newest.lost(5)
    expect([newest.lostAt, newest.lostReason]).toEqual([7, 'lagging'])

    newest.lost(8)
    expect([newest.lostAt, newest.lostReason]).toEqual([8, 'broker'])
  })
})
