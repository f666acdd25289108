import { describe, expect, it } from 'vitest'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import type { GapItem } from '../../../src/topics/kind/items.ts'
import { AllCounters, KindCounters } from '../../../src/topics/node/kind-counters.ts'
import { TopicEvent } from '../../../src/topics/node/topic-event.ts'
import { defineTopic } from '../../../src/topics/index.ts'

const MESSAGE = encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData('x') })

function gap(reason: GapItem['reason'], missed: number | null): GapItem {
  return { type: 'gap', after: 0, before: 1, missed, reason, epoch: 'e' }
}

describe('KindCounters', () => {
  it('counts events, gaps by reason, and events that a slow subscriber did not get', () => {
    const counters = new KindCounters()
    const event = new TopicEvent(1, true, MESSAGE)

    counters.taken([event, event, { type: 'live' }, gap('trimmed', 5)])
    counters.taken([gap('lagging', 7), gap('lagging', null), { type: 'skipped', count: 3 }])
    counters.taken([{ type: 'skipped', count: null }, event])

    expect(counters).toMatchObject({
      delivered: 3,
      dropped: 10,
      gaps: { trimmed: 1, expired: 0, epoch: 0, lagging: 2, broker: 0 },
    })
  })
})

describe('AllCounters', () => {
  it('has one object for each kind, in the order of first use', () => {
    const [a, b] = [defineTopic('a/:x'), defineTopic('b/:x')]
    const all = new AllCounters()

    const ofB = all.of(b)
    all.of(a)

    expect(all.of(b)).toBe(ofB)
    expect([...all].map(([kind]) => kind)).toEqual([b, a])
  })
})
