import { describe, expect, it } from 'vitest'
import type { GapItem } from '../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import { PlainFeed } from '../../../src/topics/node/session-feed.ts'
import { TopicEvent } from '../../../src/topics/node/topic-event.ts'

const GAP: GapItem = {
  type: 'gap',
  after: 1,
  before: 3,
  missed: 1,
  reason: 'trimmed',
  epoch: 'e',
}

function eventOf(text: string): TopicEvent {
  const envelope = { at: 0, key: null, publisher: null, ...encodeData(text) }
  return new TopicEvent(1, true, encodeEnvelope(envelope))
}

describe('PlainFeed', () => {
  it('frames an event once for all sessions that subscribe with the same function', () => {
    let calls = 0
    const frame = ({ event }: { event: unknown }): string => `${String(event)} ${++calls}`
    const feeds = [1, 2, 3].map(() => new PlainFeed({ frame }, () => {}))
    const event = eventOf('x')
    const frames = feeds.map((feed) => feed.frame(event)[0])

    expect(calls).toBe(1)
    expect(new Set(frames).size).toBe(1)
  })

  it('sends nothing where a function returns null or is absent', () => {
    const feed = new PlainFeed({ frame: () => null }, () => {})

    expect(feed.frame(eventOf('x'))).toEqual([])
    expect(feed.frame({ type: 'live' })).toEqual([])
    expect(feed.frame({ type: 'skipped', count: 2 })).toEqual([])
  })

  it('T-05 a gap that cannot be told is reported, and one that can is told', () => {
    let missed = 0
    const silent = new PlainFeed({ frame: () => null }, () => missed++)
    expect(silent.frame(GAP)).toEqual([])
    expect(missed).toBe(1)

    const telling = new PlainFeed(
      { frame: () => null, gap: ({ before }) => `gap ${before}` },
      () => missed++,
    )
    expect(telling.frame(GAP)).toEqual(['gap 3'])
    expect(missed).toBe(1)
  })
})
