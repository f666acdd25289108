import { describe, expect, it } from 'vitest'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import { type EventFramer, runOf } from '../../../src/topics/node/run.ts'
import { type MissingBefore, TopicEvent } from '../../../src/topics/node/topic-event.ts'

const MISSING: MissingBefore = { reason: 'broker', missed: 2 }
const TOPIC = { name: 'rooms/1', number: 1 }

function messageOf(data: Uint8Array): Uint8Array {
  return encodeEnvelope({ at: 0, key: null, publisher: null, isBinary: false, data })
}

function eventOf(offset: number, bytes = 3, missing: MissingBefore | null = null): TopicEvent {
  return new TopicEvent(offset, true, messageOf(encodeData('x'.repeat(bytes)).data), missing)
}

/** Frames an event by its offset, and counts. Nothing is sent for an odd one. */
function createFramer() {
  const framer = {
    framing: {},
    calls: 0,
    frameOf({ offset }: TopicEvent): string | null {
      framer.calls++
      return offset % 2 === 0 ? `event ${offset}` : null
    },
  } satisfies EventFramer & { calls: number }
  return framer
}

describe('Run', () => {
  it('is framed once for all sessions that are framed alike', () => {
    const run = runOf(3, [eventOf(4), eventOf(5), eventOf(6)], 0)
    const framer = createFramer()
    const frames = run?.frames(framer.framing, framer, TOPIC)

    expect(frames).toEqual(['event 4', 'event 6'])
    expect(run?.frames(framer.framing, framer, TOPIC)).toBe(frames)
    expect(framer.calls).toBe(3)
  })

  it('is framed again for a session that is framed in another way', () => {
    const run = runOf(3, [eventOf(4)], 0)
    const [one, other] = [createFramer(), createFramer()]
    run?.frames(one.framing, one, TOPIC)

    expect(run?.frames(other.framing, other, TOPIC)).toEqual(['event 4'])
    expect(other.calls).toBe(1)
  })
})

describe('runOf()', () => {
  it('has the events from an index on, up to the last', () => {
    const run = runOf(2, [eventOf(1), eventOf(5), eventOf(9)], 1)

    expect([run?.after, run?.to, run?.count]).toEqual([2, 9, 2])
    expect(runOf(9, [eventOf(9)], 1)).toBeNull()
  })

  it('ends at 64 events', () => {
    const events = Array.from({ length: 100 }, (_, index) => eventOf(index + 1))

    expect(runOf(10, events, 10)).toMatchObject({ to: 74, count: 64 })
  })

  it('ends at 64 KiB, and has one event at least', () => {
    const large = [1, 2, 3, 4].map((offset) => eventOf(offset, 30_000))
    expect(runOf(0, large, 0)?.count).toBe(2)
    expect(runOf(0, [eventOf(1, 100_000), eventOf(2)], 0)?.count).toBe(1)
  })

  it.each<[string, TopicEvent]>([
    ['that misses events before it', eventOf(2, 3, MISSING)],
    ['that is lost', TopicEvent.loss(2, MISSING)],
    ['that is not JSON', new TopicEvent(2, true, messageOf(new TextEncoder().encode('{')))],
  ])('T-05 ends before an event %s, which is told in another way', (_title, event) => {
    const events = [eventOf(1), event, eventOf(3)]

    expect(runOf(0, events, 0)).toMatchObject({ to: 1, count: 1 })
    expect(runOf(1, events, 1)).toBeNull()
  })
})
