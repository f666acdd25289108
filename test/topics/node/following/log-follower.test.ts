import { describe, expect, it } from 'vitest'
import { Deferred } from '../../../../src/base/internal.ts'
import { createTestEnvironment } from '../../../../src/testing/test-environment.ts'
import {
  type Broker,
  BrokerUnavailableError,
  defineTopic,
  type Head,
  type LogPage,
} from '../../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../../src/topics/kind/envelope.ts'
import { LogFollower } from '../../../../src/topics/node/following/log-follower.ts'
import type { NodeNews } from '../../../../src/topics/node/node-parts.ts'
import { ReadSlots } from '../../../../src/topics/node/reading/read-slots.ts'
import { KindCounters } from '../../../../src/topics/node/kind-counters.ts'
import { HeldBudget } from '../../../../src/topics/node/following/held-events.ts'
import { RingBudget } from '../../../../src/topics/node/ring-budget.ts'
import { Sweep } from '../../../../src/topics/node/sweep.ts'
import { KIND } from '../../../suites/brokers/harness.ts'

const Room = defineTopic('rooms/:room', { history: { size: 100, age: 600_000 } })

/** What the broker answers, and how often it was asked. */
interface AnsweredLog {
  head: Head
  page: LogPage | null
  /** Answers reads instead of `page`. */
  read: ((after: number) => Promise<LogPage>) | null
  isAway: boolean
  /** How many questions for the head fail, though the broker is up. */
  fails: number
  reads: number
  asked: number
}

/** A follower over a broker that answers what the test says. */
function following(
  head: Head,
  offsets: Broker['offsets'] = 'dense',
): {
  follower: LogFollower
  log: AnsweredLog
  news: NodeNews[]
  budget: RingBudget
  pass: (ms: number) => Promise<void>
  event: (offset: number, previous: number, text?: string, epoch?: string) => void
} {
  const environment = createTestEnvironment(1)
  const answers = { page: null, read: null, isAway: false, fails: 0 }
  const log: AnsweredLog = { head, ...answers, reads: 0, asked: 0 }
  const ask = <T>(answer: T): Promise<T> =>
    log.isAway ? Promise.reject(new BrokerUnavailableError('ask', null)) : Promise.resolve(answer)
  const broker: Pick<Broker, 'follow' | 'unfollow' | 'read' | 'heads' | 'offsets'> = {
    offsets,
    follow: () => ask(log.head),
    unfollow() {},
    heads() {
      log.asked++
      if (log.fails > 0) return Promise.reject(new Error(`fails ${log.fails--}`))
      return ask([log.head])
    },
    read(_topic, after) {
      log.reads++
      if (log.read !== null) return log.read(after)
      const { epoch, offset } = log.head
      return ask(log.page ?? { epoch, head: offset, events: [], complete: true })
    },
  }
  const news: NodeNews[] = []
  const budget = new RingBudget()
  const follower = new LogFollower('rooms/1', Room, KIND, {
    // The follower asks for nothing else.
    broker: broker as Broker,
    environment,
    slots: new ReadSlots(),
    budget,
    held: new HeldBudget(),
    sweep: new Sweep(environment),
    nextNumber: () => 1,
    countersOf: () => new KindCounters(),
    isUp: () => !log.isAway,
    begun: () => {},
    told: (each) => news.push(each),
  })
  return {
    follower,
    log,
    news,
    budget,
    pass: (ms) => environment.clock.advance(ms),
    event: (offset, previous, text = `event ${offset}`, epoch = 'e') =>
      follower.event({ epoch, offset, previous }, messageOf(text)),
  }
}

function messageOf(text: string): Uint8Array {
  return encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData(text) })
}

/** A page of a log that ends at `head`. */
function pageOf(head: number, offsets: readonly number[], more: Partial<LogPage> = {}): LogPage {
  const events = offsets.map((offset) => ({ offset, message: messageOf(`event ${offset}`) }))
  return { epoch: 'e', head, events, complete: true, ...more }
}

describe('LogFollower', () => {
  it('appends what follows the head, and ignores echoes', async () => {
    const { follower, event, pass } = following({ epoch: 'e', offset: 5 })
    await follower.start()

    event(6, 5)
    event(6, 5)
    event(7, 6)
    event(5, 4)
    await pass(1000)

    expect(follower.topic.place).toEqual({ epoch: 'e', offset: 7 })
    expect(follower.topic.ring?.events.map(({ offset }) => offset)).toEqual([6, 7])
  })

  it('the ring and the pages of a topic give their memory back at its end', async () => {
    const { follower, event, pass, log, budget } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    event(6, 5)
    const ofRing = budget.bytes
    const events = [{ offset: 1, message: messageOf('event 1') }]
    log.page = { epoch: 'e', head: 6, events, complete: true }
    follower.topic.pages?.pageFor('e', 0, 6, { pageRead() {} })
    await pass(1)
    expect(budget.bytes).toBeGreaterThan(ofRing)

    follower.stop()

    expect(budget.bytes).toBe(0)
  })

  it('keeps events that come before the head is known', async () => {
    const { follower, event, pass } = following({ epoch: 'e', offset: 5 })
    const started = follower.start()
    event(5, 4)
    event(6, 5)
    await started
    await pass(1)

    expect(follower.topic.head).toBe(6)
  })

  it('T-34 an offset that is there with another event makes another epoch', async () => {
    const { follower, event, pass, news, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    event(6, 5)

    log.head = { epoch: 'e', offset: 6 }
    event(6, 5, 'another event')
    await pass(1)

    expect(follower.topic.place).toEqual({ epoch: 'e~1', offset: 6 })
    expect(news).toEqual([{ type: 'epoch', topic: 'rooms/1' }])
  })

  it('T-05 T-34 the event after the old head waits while a log may have gone back', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    event(6, 5)

    log.head = { epoch: 'e', offset: 7 }
    event(6, 5, 'another event')
    event(7, 6)
    expect(follower.topic.head).toBe(6)
    await pass(1)

    expect(follower.topic.place).toEqual({ epoch: 'e~1', offset: 7 })
    expect(follower.topic.ring?.events).toEqual([])
  })

  it('T-34 a log that went back before a cut, and has grown since, makes another epoch', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    event(6, 5)
    const asked = follower.topic.place
    log.isAway = true
    event(6, 5, 'another event')
    await pass(1000)

    log.isAway = false
    log.head = { epoch: 'e', offset: 9 }
    follower.checked(log.head, asked, 0)
    await pass(1)

    expect(follower.topic.place).toEqual({ epoch: 'e~1', offset: 9 })
    expect(log.reads).toBe(0)
  })

  it('T-34 a head that a broker which is up does not tell is asked for again', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    event(6, 5)
    log.head = { epoch: 'e', offset: 6 }
    log.fails = 2
    event(6, 5, 'another event')
    await pass(1000)

    expect(follower.topic.place).toEqual({ epoch: 'e~1', offset: 6 })
  })

  it('T-34 an event of an epoch that the log does not have is dropped, and holds up no other', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()

    event(6, 5, 'alien', 'another')
    event(6, 5)
    event(7, 6)
    expect(follower.topic.head).toBe(5)
    await pass(1)

    expect(follower.topic.place).toEqual({ epoch: 'e', offset: 7 })
    expect(log.asked).toBe(1)
    expect(log.reads).toBe(0)
  })

  it('T-34 a log that is shorter than it was makes another epoch', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    event(6, 5)
    event(7, 6)

    log.head = { epoch: 'e', offset: 5 }
    await follower.check()
    await pass(1)

    expect(follower.topic.place).toEqual({ epoch: 'e~1', offset: 5 })
  })

  it('T-05 an answer says what was so when it was asked for', async () => {
    const head = { epoch: 'e', offset: 5 }
    const { follower, pass } = following(head)
    await follower.start()
    await pass(40_000)

    follower.checked(head, head, 10_000)

    expect(follower.knownAt).toBe(10_000)
  })

  it('an answer that was asked for in another epoch says nothing about this one', async () => {
    const { follower, pass } = following({ epoch: 'e', offset: 9 })
    await follower.start()
    const asked = follower.topic.place
    follower.checked({ epoch: 'f', offset: 3 }, asked, 0)
    follower.checked({ epoch: 'f', offset: 3 }, asked, 0)
    await pass(1)

    expect(follower.topic.place).toEqual({ epoch: 'f', offset: 3 })
  })

  it('heals a hole once for all events behind it', async () => {
    const { follower, event, pass, log, news } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    const events = [6, 7, 8, 9].map((offset) => ({ offset, message: messageOf(`event ${offset}`) }))
    log.page = { epoch: 'e', head: 9, events, complete: true }

    event(8, 7)
    event(9, 8)
    event(10, 9)
    await pass(1)

    expect(follower.topic.head).toBe(10)
    expect(log.reads).toBe(1)
    expect(news).toEqual([{ type: 'healed', topic: 'rooms/1', from: 5, to: 9 }])
  })

  it('T-31 a heal that fails half-way goes on after a pause', async () => {
    const { follower, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    log.head = { epoch: 'e', offset: 8 }
    log.read = () => {
      if (log.reads === 1) return Promise.resolve(pageOf(8, [6, 7]))
      if (log.reads === 3) return Promise.resolve(pageOf(8, [7, 8]))
      log.fails = 1
      return Promise.reject(new Error('one read and one head fail'))
    }

    await follower.check()
    await pass(0)
    expect(follower.topic.head).toBe(7)
    await pass(1000)

    expect(follower.topic.head).toBe(8)
    expect(follower.topic.ring?.events.map(({ missing }) => missing)).toEqual([null, null, null])
  })

  it('T-05 T-12 a heal that fails half-way does not hide what expires before the next', async () => {
    const { follower, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    await pass(300_000)
    log.head = { epoch: 'e', offset: 10 }
    log.read = () => {
      if (log.reads === 1) return Promise.resolve(pageOf(8, [6, 7]))
      log.isAway = log.reads === 2
      if (log.isAway) return Promise.reject(new BrokerUnavailableError('read', null))
      return Promise.resolve(pageOf(10, [9, 10], { complete: 'unknown' }))
    }
    await follower.check()
    await pass(400_000)
    expect(follower.topic.head).toBe(7)

    log.isAway = false
    await follower.check()
    await pass(1000)

    expect(follower.topic.head).toBe(10)
    const missing = follower.topic.ring?.events.map((event) => event.missing)
    expect(missing).toEqual([null, null, { reason: 'expired', missed: 1 }, null])
  })

  it('T-15 the newest events count from the newest one, also in a read that began before it', async () => {
    const { follower, event, log } = following({ epoch: 'e', offset: 30 }, 'sparse')
    await follower.start()
    const page = new Deferred<LogPage>()
    log.read = () => page.promise

    const first = follower.offsetBefore(1)
    event(40, 30)
    const second = follower.offsetBefore(1)
    event(50, 40)
    event(60, 50)
    page.resolve(pageOf(30, [10, 20, 30]))

    expect(await Promise.all([first, second])).toEqual([50, 50])
    expect(await follower.offsetBefore(3)).toBe(30)
    expect(await follower.offsetBefore(4)).toBe(20)
  })

  it('T-13 the newest events are those of the new epoch when the log begins again', async () => {
    const { follower, log, pass } = following({ epoch: 'e', offset: 30 }, 'sparse')
    await follower.start()
    const pages = [new Deferred<LogPage>(), new Deferred<LogPage>()]
    log.read = () => pages[log.reads - 1]?.promise ?? Promise.reject(new Error('too many reads'))

    const before = follower.offsetBefore(1)
    log.head = { epoch: 'f', offset: 5 }
    await follower.check()
    const after = follower.offsetBefore(1)
    pages[0]?.resolve(pageOf(30, [10, 20, 30]))
    await pass(0)
    pages[1]?.resolve(pageOf(5, [3, 5], { epoch: 'f' }))

    expect(await Promise.all([before, after])).toEqual([3, 3])
    expect(log.reads).toBe(2)
  })

  it('tells a hole that the log does not fill as lost, and does not ask for it for ever', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()

    event(8, 7)
    await pass(5000)

    expect(follower.topic.head).toBe(8)
    expect(follower.topic.ring?.events[0]?.missing).toEqual({ reason: 'broker', missed: null })
    expect(log.reads).toBeLessThan(10)
  })

  it('T-30 a hole is not told as lost while the log cannot be read', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    log.read = () => Promise.reject(new Error('the stream has no leader'))

    event(8, 7)
    await pass(30_000)
    expect(follower.topic.head).toBe(5)
    log.head = { epoch: 'e', offset: 8 }
    log.read = () => Promise.resolve(pageOf(8, [6, 7, 8]))
    await pass(1000)

    expect(follower.topic.head).toBe(8)
    expect(follower.topic.ring?.events.map(({ missing }) => missing)).toEqual([null, null, null])
  })

  it('a hole is told as lost when the log cannot be read for minutes and events come', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    log.read = () => Promise.reject(new Error('reads are forbidden'))
    log.head = { epoch: 'e', offset: 8 }

    event(8, 7)
    await pass(120_000)

    expect(follower.topic.head).toBe(8)
    expect(follower.topic.ring?.events[0]?.missing).toEqual({ reason: 'broker', missed: null })
  })

  it('does not ask while the broker is away', async () => {
    const { follower, event, pass, log } = following({ epoch: 'e', offset: 5 })
    await follower.start()
    log.isAway = true
    event(8, 7)
    await pass(60_000)

    expect(log.reads).toBe(1)
  })
})
