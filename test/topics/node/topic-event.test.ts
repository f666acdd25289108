import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { encodeData, encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import { TopicEvent } from '../../../src/topics/node/topic-event.ts'

const messageOf = (event: unknown): Uint8Array =>
  encodeEnvelope({ at: 1, key: 'k', publisher: null, ...encodeData(event) })

describe('TopicEvent', () => {
  it('is decoded once, and frozen', () => {
    const event = new TopicEvent(3, true, messageOf({ a: 1 }))

    expect(event.item).toEqual({
      type: 'event',
      offset: 3,
      event: { a: 1 },
      key: 'k',
      at: 1,
      publisher: null,
    })
    expect(event.item).toBe(event.item)
    expect(event.json).toBe('{"a":1}')
  })

  it('holds its decoded value no longer than its readers do', async () => {
    const event = new TopicEvent(3, true, messageOf(Array(1000).fill({})))
    const read = (): WeakRef<object> => new WeakRef(event.item)
    const item = read()
    // A reference that was made or read in this turn is strong until its end.
    await setImmediate()
    setFlagsFromString('--expose-gc')
    const gc: () => void = runInNewContext('gc')
    gc()

    expect(item.deref()).toBeUndefined()
    expect(event.item.event).toHaveLength(1000)
  })

  it('has no offset for subscribers where there is no log', () => {
    expect(new TopicEvent(3, false, messageOf('x')).item.offset).toBeNull()
  })

  it('is framed once for each framer', () => {
    const event = new TopicEvent(3, true, messageOf('x'))
    let calls = 0
    const make = (): number => ++calls
    const [a, b] = [{}, {}]

    expect([event.frame(a, make), event.frame(b, make), event.frame(a, make)]).toEqual([1, 2, 1])
  })

  it('keeps the frames of four framers, and makes those of others each time', () => {
    const event = new TopicEvent(3, true, messageOf('x'))
    const framers = Array.from({ length: 6 }, () => ({}))
    let calls = 0
    const frameAll = (): number[] => framers.map((framer) => event.frame(framer, () => ++calls))

    expect(frameAll()).toEqual([1, 2, 3, 4, 5, 6])
    expect(frameAll()).toEqual([1, 2, 3, 4, 7, 8])
  })

  it('of bytes keeps its own when a reader changes what it was given', () => {
    const event = new TopicEvent(3, true, messageOf(new Uint8Array([1])))
    const read = event.item.event as Uint8Array // as it was published
    read.fill(9)

    expect(event.envelope.data).toEqual(new Uint8Array([1]))
    expect(event.json).toBeNull()
  })

  it('may stand for a loss', () => {
    const loss = TopicEvent.loss(4, { reason: 'broker', missed: null })

    expect(loss.isLoss).toBe(true)
    expect(loss.missing).toEqual({ reason: 'broker', missed: null })
  })
})
