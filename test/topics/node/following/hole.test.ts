import { describe, expect, it } from 'vitest'
import { createTestEnvironment } from '../../../../src/testing/test-environment.ts'
import { encodeData, encodeEnvelope } from '../../../../src/topics/kind/envelope.ts'
import { fillHole } from '../../../../src/topics/node/following/hole.ts'
import { FollowedTopic } from '../../../../src/topics/node/followed-topic.ts'
import { KindCounters } from '../../../../src/topics/node/kind-counters.ts'
import { ReadSlots } from '../../../../src/topics/node/reading/read-slots.ts'
import { TopicEvent } from '../../../../src/topics/node/topic-event.ts'
import { HeldBudget } from '../../../../src/topics/node/following/held-events.ts'
import { RingBudget } from '../../../../src/topics/node/ring-budget.ts'
import { Sweep } from '../../../../src/topics/node/sweep.ts'
import { type Broker, defineTopic, type LogPage } from '../../../../src/topics/index.ts'
import { KIND } from '../../../suites/brokers/harness.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })
const MESSAGE = encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData('x') })
const ALIEN = new Uint8Array([255])

/** A topic whose head is 5, and a log of pages, one for each read. */
function hole(pages: ReadonlyArray<Partial<LogPage> | Error>, isDense = true) {
  const sweep = new Sweep(createTestEnvironment(1))
  const source = {
    isDense,
    createPages(): never {
      throw new Error('Cannot read pages: no subscription is here')
    },
  }
  const parts = {
    budget: new RingBudget(),
    held: new HeldBudget(),
    sweep,
    nextNumber: () => 1,
    countersOf: () => new KindCounters(),
  }
  const topic = new FollowedTopic('rooms/1', Room, source, parts)
  topic.begin('e', 5)
  const reads: number[] = []
  const broker: Pick<Broker, 'read'> = {
    read(_topic, after) {
      const page = pages[reads.length] ?? new Error('Cannot read so often')
      reads.push(after)
      if (page instanceof Error) return Promise.reject(page)
      return Promise.resolve({ epoch: 'e', head: 5, events: [], complete: true, ...page })
    },
  }
  const fill = (isGivenUp = false, knownAt = 0) =>
    fillHole(
      {
        topic,
        log: { name: 'rooms/1', kind: KIND },
        epoch: 'e',
        knownAt,
        isGivenUp: () => isGivenUp,
      },
      // Nothing else of a broker is used.
      { broker: broker as Broker, slots: new ReadSlots() },
    )
  const seen = () => topic.ring?.events.map(({ offset, missing }) => [offset, missing]) ?? []
  return { topic, reads, fill, seen }
}

const eventsOf = (...offsets: number[]): LogPage['events'] =>
  offsets.map((offset) => ({ offset, message: MESSAGE }))

describe('fillHole', () => {
  it('appends the events of one page after another, up to the head', async () => {
    const { topic, reads, fill, seen } = hole([
      { head: 8, events: eventsOf(6, 7) },
      { head: 8, events: eventsOf(8) },
    ])

    expect(await fill()).toBeNull()
    expect(topic.head).toBe(8)
    expect(reads).toEqual([5, 6])
    expect(seen().map(([offset]) => offset)).toEqual([6, 7, 8])
    expect(topic.healedAfter(5)).toBe(8)
  })

  it('T-33 returns the head of a log in another epoch, and appends nothing of it', async () => {
    const { topic, fill } = hole([{ epoch: 'f', head: 9, events: eventsOf(6) }])

    expect(await fill()).toEqual({ epoch: 'f', offset: 9 })
    expect(topic.place).toEqual({ epoch: 'e', offset: 5 })
  })

  it('T-34 returns the head of a log that ends before the head of the topic', async () => {
    const { topic, fill } = hole([{ head: 3 }])

    expect(await fill()).toEqual({ epoch: 'e', offset: 3 })
    expect(topic.head).toBe(5)
  })

  it('T-34 returns the head of a log whose event at the known head is another one', async () => {
    const other = encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData('other') })
    const { topic, reads, fill } = hole([
      { head: 7, events: [{ offset: 6, message: other }, ...eventsOf(7)] },
    ])
    topic.append(new TopicEvent(6, true, MESSAGE))

    expect(await fill()).toEqual({ epoch: 'e', offset: 7 })
    expect(topic.head).toBe(6)
    expect(reads).toEqual([5])
  })

  it('T-05 nothing is missing behind the known head, whether the log still has it or not', async () => {
    for (const events of [eventsOf(6, 7), eventsOf(7)]) {
      const { topic, fill, seen } = hole([{ head: 7, events, complete: false }])
      topic.append(new TopicEvent(6, true, MESSAGE))

      expect(await fill()).toBeNull()
      expect(seen()).toEqual([
        [6, null],
        [7, null],
      ])
    }
  })

  it.each([
    ['trimmed', false, 0, { reason: 'trimmed', missed: 2 }],
    ['expired', false, -KIND.ageMs, { reason: 'expired', missed: 2 }],
    ['unknown to a broker, and too old', 'unknown', -KIND.ageMs, { reason: 'expired', missed: 2 }],
    ['unknown to a broker, and young', 'unknown', 0, null],
    ['not there', true, 0, null],
  ] as const)(
    'T-05 events that are %s before the first one',
    async (_title, complete, at, missing) => {
      const { fill, seen } = hole([{ head: 8, events: eventsOf(8), complete }])

      await fill(false, at)

      expect(seen()).toEqual([[8, missing]])
    },
  )

  it('T-05 events that may have expired between two pages are reported as missing', async () => {
    const pages = [
      { head: 20, events: eventsOf(6, 7) },
      { head: 20, events: eventsOf(20), complete: 'unknown' },
    ] as const
    const { fill, seen } = hole(pages, false)

    await fill(false, -KIND.ageMs)

    expect(seen()).toEqual([
      [6, null],
      [7, null],
      [20, { reason: 'expired', missed: null }],
    ])
  })

  it('T-05 does not count what is missing where offsets have holes', async () => {
    const { fill, seen } = hole([{ head: 8, events: eventsOf(8), complete: false }], false)
    await fill()
    expect(seen()).toEqual([[8, { reason: 'trimmed', missed: null }]])
  })

  it('T-05 an event of another program is reported as missing', async () => {
    const { topic, fill, seen } = hole([
      { head: 7, events: [{ offset: 6, message: ALIEN }, ...eventsOf(7)] },
    ])
    await fill()
    expect(seen()).toEqual([[7, { reason: 'broker', missed: null }]])
    expect(topic.head).toBe(7)
  })

  it('goes on behind offsets that the log no longer has', async () => {
    const { topic, fill } = hole([{ head: 9, events: [], complete: false }])
    expect(await fill()).toBeNull()
    expect(topic.head).toBe(9)
  })

  it('keeps what was read before the broker went down', async () => {
    const { topic, fill } = hole([{ head: 8, events: eventsOf(6, 7) }, new Error('down')])
    await expect(fill()).rejects.toThrow('down')
    expect(topic.head).toBe(7)
  })

  it('appends nothing to a topic that was given up meanwhile', async () => {
    const { topic, fill } = hole([{ head: 6, events: eventsOf(6) }])
    expect(await fill(true)).toBeNull()
    expect(topic.head).toBe(5)
  })
})
