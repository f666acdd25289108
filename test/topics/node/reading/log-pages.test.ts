import { describe, expect, it } from 'vitest'
import { settled } from '../../../../src/testing/test-environment.ts'
import type { Broker, LogPage } from '../../../../src/topics/index.ts'
import { encodeData, encodeEnvelope } from '../../../../src/topics/kind/envelope.ts'
import { decodePage, LogPages } from '../../../../src/topics/node/reading/log-pages.ts'
import { ReadSlots } from '../../../../src/topics/node/reading/read-slots.ts'
import { RingBudget } from '../../../../src/topics/node/ring-budget.ts'
import { topicOf } from '../../../suites/brokers/harness.ts'

const MESSAGE = encodeEnvelope({ at: 0, key: null, publisher: null, ...encodeData('x') })

/** Pages of a log with the events 1 to `head`, three a page. */
function createPages(head = 10, budget = new RingBudget()) {
  const log = { epoch: 'e', life: '', head, isAway: false, reads: [] as number[] }
  const broker: Pick<Broker, 'read'> = {
    read(_topic, after): Promise<LogPage> {
      log.reads.push(after)
      if (log.isAway) return Promise.reject(new Error('away'))
      const events = [after + 1, after + 2, after + 3]
        .filter((offset) => offset <= log.head)
        .map((offset) => ({ offset, message: MESSAGE }))
      return Promise.resolve({ epoch: log.epoch, head: log.head, events, complete: true })
    },
  }
  let suspicions = 0
  const pages = new LogPages(
    // Nothing else is used of the broker.
    { broker: broker as Broker, slots: new ReadSlots(), budget },
    topicOf('rooms/1'),
    (epoch) => epoch + log.life,
    () => suspicions++,
  )
  const told: boolean[] = []
  const reader = { pageRead: (failed: boolean) => void told.push(failed) }
  return { pages, log, told, reader, suspicions: () => suspicions }
}

describe('LogPages', () => {
  it('one read serves all that wait for it, and all that come later', async () => {
    const { pages, log, told, reader } = createPages()
    const others = Array.from({ length: 5 }, () => ({ ...reader }))
    for (const each of [reader, ...others]) expect(pages.pageFor('e', 4, 10, each)).toBeNull()
    await settled()

    expect(log.reads).toEqual([4])
    expect(told).toEqual(Array(6).fill(false))
    const page = pages.pageFor('e', 4, 10, reader)
    expect(page?.events.map(({ offset }) => offset)).toEqual([5, 6, 7])
    expect(pages.pageFor('e', 6, 10, reader)).toBe(page)
    expect(pages.pageFor('e', 7, 10, reader)).toBeNull()
  })

  it('subscribers that come back one after another read each of their pages once', async () => {
    const { pages, log, reader } = createPages()
    for (let subscriber = 0; subscriber < 5; subscriber++) {
      for (const after of [0, 3, 6, 9]) {
        if (pages.pageFor('e', after, 10, reader) === null) await settled()
        const [first] = pages.pageFor('e', after, 10, reader)?.events ?? []
        expect(first?.offset).toBe(after + 1)
      }
    }
    expect(log.reads).toEqual([0, 3, 6, 9])
  })

  it('an empty page is good at the head that is known, and is read again when there is more', async () => {
    const { pages, log, reader } = createPages()
    pages.pageFor('e', 10, 10, reader)
    await settled()
    expect(pages.pageFor('e', 10, 10, reader)?.events).toEqual([])

    log.head = 11
    expect(pages.pageFor('e', 10, 11, reader)).toBeNull()
    await settled()
    expect(pages.pageFor('e', 10, 11, reader)?.events).toHaveLength(1)
  })

  it.each([
    ['fails', (log: { isAway: boolean }) => (log.isAway = true)],
    ['brings another epoch', (log: { epoch: string }) => (log.epoch = 'f')],
    ['brings less than is known', (log: { head: number }) => (log.head = 3)],
  ])('a read that %s is reported, and does not end in a loop of reads', async (_title, change) => {
    const { pages, log, told, reader, suspicions } = createPages()
    change(log)
    pages.pageFor('e', 4, 10, reader)
    await settled()

    expect(told).toEqual([true])
    expect(suspicions()).toBe(1)
    expect(log.reads).toHaveLength(1)
  })

  it('forgets its pages when the log has changed', async () => {
    const { pages, reader } = createPages()
    pages.pageFor('e', 4, 10, reader)
    await settled()
    pages.forget()
    expect(pages.pageFor('e', 4, 10, reader)).toBeNull()
  })

  it('a page that was asked for before the log went back is not kept, and is read again', async () => {
    const budget = new RingBudget()
    const { pages, log, told, reader, suspicions } = createPages(10, budget)
    pages.pageFor('e', 4, 10, reader)
    log.life = '~1'
    pages.forget()
    await settled()

    expect([told, suspicions(), budget.bytes]).toEqual([[false], 0, 0])
    expect(pages.pageFor('e~1', 4, 10, reader)).toBeNull()
    await settled()
    expect(log.reads).toEqual([4, 4])
    expect(pages.pageFor('e~1', 4, 10, reader)?.events).toHaveLength(3)
  })

  it('its pages count in the memory of the node until they are forgotten or replaced', async () => {
    const budget = new RingBudget()
    const { pages, reader } = createPages(100, budget)
    const read = async (after: number): Promise<number> => {
      pages.pageFor('e', after, 100, reader)
      await settled()
      return budget.bytes
    }
    const one = await read(0)
    expect(one).toBeGreaterThan(3 * MESSAGE.length)
    for (const after of [3, 6, 9, 12, 15]) await read(after)
    expect(budget.bytes).toBe(4 * one)

    pages.forget()
    expect(budget.bytes).toBe(0)
  })

  it('topics that are read use the memory of one budget: older pages of others go first', async () => {
    const measure = new RingBudget()
    const measured = createPages(10, measure)
    measured.pages.pageFor('e', 0, 10, measured.reader)
    await settled()
    const page = measure.bytes
    const budget = new RingBudget(3 * page)
    const topics = Array.from({ length: 50 }, () => createPages(10, budget))

    for (const { pages, reader } of topics) {
      for (const after of [0, 3]) {
        pages.pageFor('e', after, 10, reader)
        await settled()
      }
    }

    expect(budget.bytes).toBe(3 * page)
    const kept = topics.slice(-2).map(({ pages, reader }) => {
      return [3, 0].map((after) => pages.pageFor('e', after, 10, reader) !== null)
    })
    expect(kept).toEqual([
      [true, false],
      [true, true],
    ])
  })

  it('a page that comes after the end of the topic takes no memory, and nothing is read', async () => {
    const budget = new RingBudget()
    const { pages, log, told, reader } = createPages(10, budget)
    pages.pageFor('e', 0, 10, reader)
    await settled()
    pages.pageFor('e', 3, 10, reader)
    pages.end()
    await settled()

    expect([budget.bytes, pages.bytes]).toEqual([0, 0])
    expect(pages.pageFor('e', 0, 10, reader)).toBeNull()
    await settled()
    expect(log.reads).toEqual([0, 3])
    expect(told).toEqual([false])
  })
})

describe('decodePage()', () => {
  it('T-05 what is no envelope is missing before the next event', () => {
    const stored = [MESSAGE, new Uint8Array([255]), new Uint8Array([255]), MESSAGE]
    const events = stored.map((message, index) => ({ offset: index + 1, message }))
    const page = decodePage({ epoch: 'e', head: 4, events, complete: true }, 0, 'e~1')

    expect(page).toMatchObject({ epoch: 'e~1', after: 0, head: 4, complete: true })
    expect(page.events.map(({ offset, missing }) => [offset, missing])).toEqual([
      [1, null],
      [4, { reason: 'broker', missed: null }],
    ])
  })
})
