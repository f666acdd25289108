import { describe, expect, it } from 'vitest'
import { type Delivery, Subscriptions, type Wanted } from '../../src/brokers/subscriptions.ts'
import { bytes, RecordingSink, text, topicOf } from '../suites/brokers/harness.ts'

const channel = (name: string): Wanted => ({ type: 'message', channel: name })
const events = (name: string): Wanted => ({ type: 'event', topic: topicOf(name) })

/** Payloads are texts: a message, or the offset of an event. */
const delivery: Delivery<string> = {
  nameOf: (wanted) => (wanted.type === 'event' ? `e ${wanted.topic.name}` : wanted.channel),
  messageIn: (payload) => bytes(payload),
  eventIn(payload) {
    const offset = Number(payload)
    if (!Number.isInteger(offset)) return null
    return { place: { epoch: 'e', offset, previous: offset - 1 }, message: bytes(payload) }
  },
}

function createWorld() {
  const sink = new RecordingSink()
  return { sink, subscriptions: new Subscriptions(sink, delivery) }
}

describe('Subscriptions', () => {
  it('a name is missing until it is confirmed, and again after a reset', () => {
    const { subscriptions } = createWorld()
    subscriptions.add(channel('a'))
    subscriptions.add(channel('b'))

    subscriptions.confirm('a')
    expect(subscriptions.missing(10)).toEqual(['b'])

    subscriptions.reset()
    expect(subscriptions.missing(10)).toEqual(['a', 'b'])
    expect(subscriptions.missing(1)).toEqual(['a'])
  })

  it('a name that was removed is neither missing nor found', () => {
    const { subscriptions } = createWorld()
    subscriptions.add(channel('a'))

    expect(subscriptions.remove(channel('a'))).toBe('a')
    expect(subscriptions.remove(channel('a'))).toBeNull()

    expect(subscriptions.missing(10)).toEqual([])
    expect(subscriptions.find('a')).toBeUndefined()
  })

  it('what is wanted again stays the same object', () => {
    const { subscriptions } = createWorld()
    const first = events('a')

    subscriptions.add(first)
    subscriptions.add(events('a'))

    expect(subscriptions.find('e a')).toBe(first)
  })

  it('a message and an event reach the sink under the names of the node', () => {
    const { sink, subscriptions } = createWorld()
    subscriptions.add(channel('c'))
    subscriptions.add(events('rooms/1'))

    subscriptions.heard('c', 'hello')
    subscriptions.heard('e rooms/1', '7')

    expect(sink.messages.map((each) => [each.channel, text(each.message)])).toEqual([
      ['c', 'hello'],
    ])
    expect(sink.events.map(({ topic, place }) => [topic, place])).toEqual([
      ['rooms/1', { epoch: 'e', offset: 7, previous: 6 }],
    ])
  })

  it('what is not wanted, and bytes of another program, are dropped', () => {
    const { sink, subscriptions } = createWorld()
    subscriptions.add(events('rooms/1'))
    subscriptions.add(channel('c'))
    subscriptions.remove(channel('c'))

    subscriptions.heard('c', 'late')
    subscriptions.heard('e rooms/1', 'alien')

    expect([...sink.messages, ...sink.events]).toEqual([])
  })
})
