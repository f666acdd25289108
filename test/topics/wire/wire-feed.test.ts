import { describe, expect, it } from 'vitest'
import type { Subscription } from '../../../src/topics/node/subscription.ts'
import { encodingOf } from '../../../src/topics/wire/encodings.ts'
import { WireFeed } from '../../../src/topics/wire/wire-feed.ts'

const REQUEST = { id: 1, isResume: true }

// What a feed uses of a subscription.
const subscription = {
  topic: { name: 'rooms/1', number: 1 },
  position: { epoch: 'e', offset: 4 },
} as unknown as Subscription

/** The types of the messages that are sent for a `live`. */
function typesOf(feed: WireFeed): unknown[] {
  const frames = feed.frame({ type: 'live' }, subscription)
  return frames.map((frame) =>
    typeof frame === 'string' ? (JSON.parse(frame) as { type: unknown }).type : frame,
  )
}

describe('WireFeed', () => {
  it('tells a subscription before its first item, once', () => {
    const feed = new WireFeed(encodingOf(null))
    feed.begin(subscription, REQUEST)

    expect([typesOf(feed), typesOf(feed)]).toEqual([['subscribed', 'live'], ['live']])
  })

  it.each<[string, (feed: WireFeed) => void]>([
    ['has ended before its first item', (feed) => feed.forget(subscription)],
    ['has ended with the session', (feed) => feed.end()],
  ])('holds no subscription that %s', (_title, over) => {
    const feed = new WireFeed(encodingOf(null))
    feed.begin(subscription, REQUEST)
    over(feed)

    expect(typesOf(feed)).toEqual(['live'])
  })
})
