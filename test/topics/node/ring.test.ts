import { describe, expect, it } from 'vitest'
import { PreparedFrame } from '../../../src/index.ts'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import { Ring } from '../../../src/topics/node/ring.ts'
import { RingBudget } from '../../../src/topics/node/ring-budget.ts'
import { TopicEvent } from '../../../src/topics/node/topic-event.ts'
import { encodingOf, WIRE_PROTOCOLS } from '../../../src/topics/wire/encodings.ts'

function eventOf(offset: number, bytes = 10): TopicEvent {
  const data = encodeData('x'.repeat(bytes))
  return new TopicEvent(
    offset,
    true,
    encodeEnvelope({ at: 0, key: null, publisher: null, ...data }),
  )
}

describe('Ring', () => {
  it('holds the newest 64 events', () => {
    const ring = new Ring(new RingBudget())
    ring.reset(100)
    for (let offset = 101; offset <= 200; offset++) ring.append(eventOf(offset))

    expect(ring.events.map(({ offset }) => offset)).toEqual(
      Array.from({ length: 64 }, (_, index) => 137 + index),
    )
    expect(ring.base).toBe(136)
    expect(ring.indexAfter(135)).toBe(-1)
    expect(ring.indexAfter(136)).toBe(0)
    expect(ring.indexAfter(150)).toBe(14)
    expect(ring.indexAfter(200)).toBe(64)
    expect(ring.at(150)?.offset).toBe(150)
    expect(ring.at(100)).toBeNull()
    expect(ring.at(999)).toBeNull()
  })

  it('knows how far apart its offsets are', () => {
    const ring = new Ring(new RingBudget())
    expect(ring.spacing).toBeNull()
    ring.append(eventOf(10))
    expect(ring.spacing).toBeNull()
    ring.append(eventOf(12))
    ring.append(eventOf(30))

    expect(ring.spacing).toBe(10)
  })

  it('holds 256 KiB, and at least one event', () => {
    const ring = new Ring(new RingBudget())
    for (let offset = 1; offset <= 10; offset++) ring.append(eventOf(offset, 50_000))
    expect(ring.events).toHaveLength(5)

    ring.append(eventOf(11, 400_000))
    expect(ring.events.map(({ offset }) => offset)).toEqual([11])
  })

  it('finds offsets that have holes', () => {
    const ring = new Ring(new RingBudget())
    for (const offset of [3, 7, 20]) ring.append(eventOf(offset))

    expect([0, 3, 5, 7, 19, 20].map((offset) => ring.indexAfter(offset))).toEqual([
      0, 1, 1, 2, 2, 3,
    ])
  })

  it('gives all cursors at one place the same run of events', () => {
    const ring = new Ring(new RingBudget())
    for (const offset of [1, 2, 3]) ring.append(eventOf(offset))
    const run = ring.runAfter(1)

    expect(run).toMatchObject({ after: 1, to: 3, count: 2 })
    expect(ring.runAfter(1)).toBe(run)
    expect(ring.runAfter(2)).toMatchObject({ after: 2, to: 3, count: 1 })
    expect(ring.runAfter(3)).toBeNull()
  })

  it.each<[string, (ring: Ring) => void, number | null]>([
    ['has got another event', (ring) => ring.append(eventOf(4)), 4],
    ['has dropped events for others', (ring) => ring.shrink(), null],
    ['begins again', (ring) => ring.reset(9), null],
  ])('gives no run of before, when it %s', (_title, change, to) => {
    const ring = new Ring(new RingBudget())
    for (const offset of [1, 2, 3]) ring.append(eventOf(offset))
    ring.runAfter(1)
    change(ring)

    expect(ring.runAfter(1)?.to ?? null).toBe(to)
  })

  it('counts an event with the frames of both encodings', () => {
    const ring = new Ring(new RingBudget())
    const topic = { name: 'rooms/1', number: 1 }
    for (const bytes of [10, 1000, 50_000]) {
      const before = ring.bytes
      const event = eventOf(1, bytes)
      ring.append(event)
      const frames = WIRE_PROTOCOLS.map((name) => encodingOf(name).encodeEvent(topic, event))
      const sizes = frames.map((frame) => (frame instanceof PreparedFrame ? frame.byteLength : 0))

      expect(sizes.every((size) => size > bytes)).toBe(true)
      const held = sizes.reduce((sum, size) => sum + size, event.message.length)
      expect(ring.bytes - before).toBeGreaterThanOrEqual(held)
    }
  })
})
