import { beforeEach, describe, expect, it } from 'vitest'
import { ClientFeed } from '../../../src/topics/client/client-feed.ts'
import type { EventItem, GapItem, TopicItem } from '../../../src/topics/index.ts'
import { settled } from '../../../src/testing/test-environment.ts'
import { Listening } from '../../support/topics-world.ts'

const EPOCH = 'e'
/** What the feed has asked of its connection, and from where. */
let asked: string[]

beforeEach(() => {
  asked = []
})

function createFeed(isServed = false): ClientFeed {
  const owner = {
    subscribe: (each: ClientFeed) => asked.push(`subscribe ${JSON.stringify(each.from(null))}`),
    unsubscribe: ({ isSuspended }: ClientFeed) =>
      asked.push(isSuspended ? 'suspend' : 'unsubscribe'),
  }
  return new ClientFeed('rooms/1', 'now', owner, isServed)
}

function event(offset: number | null): EventItem {
  return { type: 'event', offset, event: offset, key: null, at: 0, publisher: null }
}

function gap(after: number, before: number, epoch = EPOCH): GapItem {
  return { type: 'gap', after, before, missed: before - after - 1, reason: 'trimmed', epoch }
}

/** A feed that has begun at offset 0 and is read. */
function reading(isServed = false): { feed: ClientFeed; listening: Listening } {
  const feed = createFeed(isServed)
  feed.subscribed({ epoch: EPOCH, offset: 0 }, false, null)
  return { feed, listening: new Listening(feed.read(null)) }
}

/** A feed that is suspended: its reader has taken none of 257 events. */
function slow(): { feed: ClientFeed; events: AsyncIterableIterator<TopicItem> } {
  const feed = createFeed()
  feed.subscribed({ epoch: EPOCH, offset: 0 }, false, null)
  const events = feed.read(null)
  for (let offset = 1; offset <= 257; offset++) feed.receive(event(offset))
  return { feed, events }
}

describe('ClientFeed', () => {
  it('T-04 drops an event that it has, and brings the rest in order', async () => {
    const { feed, listening } = reading()
    for (const offset of [1, 2, 1, 2, 3]) feed.receive(event(offset))
    await settled()

    expect(listening.short).toBe('1 2 3')
  })

  it('T-10 the position is that of the newest item that was taken', async () => {
    const feed = createFeed()
    expect([feed.position, feed.from(null)]).toEqual([null, 'now'])
    feed.subscribed({ epoch: EPOCH, offset: 4 }, false, null)
    feed.receive(event(5))
    feed.receive(event(6))
    const events = feed.read(null)
    await events.next()

    expect(feed.position).toEqual({ epoch: EPOCH, offset: 5 })
    expect(feed.from(null)).toEqual({ epoch: EPOCH, offset: 6 })
  })

  it('T-12 continues after a gap, in its epoch', async () => {
    const { feed, listening } = reading()
    feed.receive(event(1))
    feed.receive(gap(1, 5, 'another'))
    feed.receive(event(5))
    await settled()

    expect(listening.short).toBe('1 gap(1→5 trimmed 3) 5')
    expect(feed.position).toEqual({ epoch: 'another', offset: 5 })
  })

  it('a topic without history has events without a position', async () => {
    const feed = createFeed()
    feed.subscribed(null, false, null)
    const listening = new Listening(feed.read(null))
    feed.receive(event(null))
    feed.receive(event(null))
    await settled()

    expect(listening.events).toHaveLength(2)
    expect([feed.position, feed.from(null)]).toEqual([null, 'now'])
  })

  it('a reader that is slow leaves the rest on the server, and asks for it once it has caught up', async () => {
    const feed = createFeed()
    feed.subscribed({ epoch: EPOCH, offset: 0 }, false, null)
    const events = feed.read(null)
    for (let offset = 1; offset <= 300; offset++) feed.receive(event(offset))
    expect([asked, feed.isSuspended]).toEqual([['suspend'], true])

    for (let offset = 1; offset <= 257; offset++) {
      expect(await events.next()).toMatchObject({ value: { offset } })
    }
    expect(asked).toHaveLength(1)
    const next = events.next()
    await settled()
    expect(asked.slice(1)).toEqual([`subscribe {"epoch":"${EPOCH}","offset":257}`])
    feed.receive(event(258))

    expect(await next).toMatchObject({ value: { offset: 258 } })
  })

  it('T-05 drops items of an earlier subscription until the newest subscribe is answered', async () => {
    const { feed, listening } = reading()
    feed.asked(7)
    feed.receive(event(9))
    feed.subscribed({ epoch: EPOCH, offset: 9 }, false, null)
    feed.subscribed({ epoch: EPOCH, offset: 9 }, false, 6)
    feed.receive(event(10))
    feed.subscribed({ epoch: EPOCH, offset: 0 }, true, 7)
    for (const offset of [1, 2]) feed.receive(event(offset))
    await settled()

    expect(listening.short).toBe('1 2')
  })

  it('T-05 tells a gap if the server does not resume a topic and tells none', async () => {
    const { feed, listening } = reading()
    feed.receive(event(1))
    feed.asked(null)
    feed.subscribed({ epoch: EPOCH, offset: 4 }, false, null)
    feed.receive(event(5))
    await settled()

    expect(listening.short).toBe('1 gap(1→5 broker 3) 5')
  })

  it('T-05 asks again from before a gap if the connection is lost before the gap is told', () => {
    const { feed } = reading()
    feed.receive(event(1))
    feed.subscribed({ epoch: 'another', offset: 4 }, false, null)

    expect(feed.from(null)).toEqual({ epoch: EPOCH, offset: 1 })
  })

  it('T-05 a slow reader of a topic of the server gets a gap, because nothing can be asked for', async () => {
    const { feed, listening } = reading(true)
    for (let offset = 1; offset <= 257; offset++) feed.receive(event(offset))
    await settled()

    expect(asked).toEqual([])
    expect(listening.short).toBe('gap(null→null lagging 257)')
  })

  it.each([
    ['later in the same epoch', { epoch: EPOCH, offset: 4 }, 'gap(1→5 broker 3)'],
    ['in another epoch', { epoch: 'another', offset: 0 }, 'gap(1→1 epoch null)'],
  ])('T-05 a topic of the server that begins again %s is a gap', async (_title, place, told) => {
    const { feed, listening } = reading(true)
    feed.receive(event(1))
    feed.subscribed(place, false, null)
    feed.receive({ type: 'live' })
    await settled()

    expect(listening.short).toBe(`1 ${told} live`)
    expect(feed.from(null)).toEqual(place)
  })

  it('T-12 leaves it to the server to tell a gap of a topic that the client has asked for', async () => {
    const { feed, listening } = reading()
    feed.receive(event(1))
    feed.subscribed({ epoch: 'another', offset: 0 }, false, null)
    feed.receive({ ...gap(1, 1, 'another'), reason: 'epoch', missed: null })
    feed.receive(event(1))
    await settled()

    expect(listening.short).toBe('1 gap(1→1 epoch null) 1')
  })

  it('T-05 tells its own gap before a later gap of the server', async () => {
    const { feed, listening } = reading(true)
    feed.receive(event(1))
    feed.subscribed({ epoch: EPOCH, offset: 4 }, false, null)
    feed.receive(gap(4, 8))
    feed.receive(event(8))
    await settled()

    expect(listening.short).toBe('1 gap(1→5 broker 3) gap(4→8 trimmed 3) 8')
  })

  it('T-05 tells no gap of its own if a gap of the server contains it', async () => {
    const { feed, listening } = reading()
    feed.receive(event(1))
    feed.subscribed({ epoch: EPOCH, offset: 4 }, false, null)
    feed.receive(gap(1, 8))
    feed.receive(event(8))
    await settled()

    expect(listening.short).toBe('1 gap(1→8 trimmed 6) 8')
  })

  it('T-05 says how old its position is only while the last frame may have brought it', () => {
    const place = { epoch: EPOCH, offset: 257 }
    const { feed } = slow()
    expect(feed.from(5)).toEqual(place)
    // The server has answered the subscribe that was sent before the suspension.
    feed.subscribed(place, true, null)
    expect(feed.from(5)).toEqual(place)
  })

  it('T-05 says how old its position is again once it has caught up and is subscribed', async () => {
    const { feed, events } = slow()
    for (let offset = 1; offset <= 257; offset++) await events.next()
    void events.next()
    await settled()
    const place = { epoch: EPOCH, offset: 257 }
    expect([feed.isSuspended, feed.from(5)]).toEqual([false, place])
    feed.subscribed(place, true, null)

    expect(feed.from(5)).toEqual({ ...place, away: 5 })
  })

  it('T-05 does not say how old the position is at which the caller begins', () => {
    const place = { epoch: EPOCH, offset: 3 }
    const owner = { subscribe: () => {}, unsubscribe: () => {} }

    expect(new ClientFeed('rooms/1', place, owner, false).from(5)).toEqual(place)
  })

  it('leaving the reader of a suspended feed ends the feed', async () => {
    const { events } = slow()
    await events.return?.()

    expect(asked).toEqual(['suspend', 'unsubscribe'])
  })

  it('a suspended feed that has ended does not subscribe again', async () => {
    const { feed, events } = slow()
    feed.end(null)
    for (let offset = 1; offset <= 257; offset++) await events.next()

    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(asked).toEqual(['suspend', 'unsubscribe'])
  })

  it('begins again without a gap where nothing is missing', async () => {
    const { feed, listening } = reading(true)
    feed.receive(event(1))
    feed.subscribed({ epoch: EPOCH, offset: 1 }, false, null)
    feed.receive(event(2))
    await settled()

    expect(listening.short).toBe('1 2')
  })

  it('brings what has come before its end, then the error', async () => {
    const feed = createFeed()
    feed.subscribed({ epoch: EPOCH, offset: 0 }, false, null)
    feed.receive(event(1))
    feed.end(new Error('denied'))
    feed.end(null)
    feed.receive(event(2))
    const listening = new Listening(feed.read(null))
    await settled()

    expect(listening.short).toBe('1')
    expect(listening.error).toEqual(new Error('denied'))
  })

  it('leaving the reader ends the subscription, once, and not that of the server', async () => {
    const [own, served] = [reading(), reading(true)]
    expect(own.feed.hasReader).toBe(true)
    await own.listening.stop()
    await own.listening.stop()
    await served.listening.stop()

    expect([own.feed.hasReader, served.feed.hasReader]).toEqual([false, false])
    expect(asked).toEqual(['unsubscribe'])
  })

  it('a signal ends the reader with its reason, also while items wait', async () => {
    const feed = createFeed()
    feed.subscribed({ epoch: EPOCH, offset: 0 }, false, null)
    const controller = new AbortController()
    const listening = new Listening(feed.read(controller.signal))
    await settled()
    controller.abort(new Error('enough'))
    feed.receive(event(1))
    await settled()

    expect([listening.short, asked]).toEqual(['', ['unsubscribe']])
    expect(listening.error).toEqual(new Error('enough'))
  })
})
