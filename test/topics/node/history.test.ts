import { describe, expect, it } from 'vitest'
import { encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import type { LogPage, StoredEvent } from '../../../src/topics/index.ts'
import { type HistoryLog, readHistory } from '../../../src/topics/node/history.ts'

function stored(offset: number, bytes = 4): StoredEvent {
  const data = new TextEncoder().encode(`"${'x'.repeat(bytes - 2)}"`)
  const envelope = { at: 7, key: null, publisher: null, isBinary: false, data }
  return { offset, message: encodeEnvelope(envelope) }
}

/** A log with events at these offsets, of which a read returns four at most. */
function logOf(
  offsets: readonly number[],
  isDense: boolean,
  bytes = 4,
): HistoryLog & { reads: number } {
  const head = { epoch: 'e', offset: offsets.at(-1) ?? 0 }
  return {
    reads: 0,
    isDense,
    spacing: null,
    head: () => Promise.resolve(head),
    offsetBefore: () => Promise.resolve(0),
    read(after, { events: limit }) {
      this.reads++
      const kept = offsets.filter((offset) => offset > after).slice(0, Math.min(limit, 4))
      const page: LogPage = {
        epoch: 'e',
        head: head.offset,
        events: kept.map((offset) => stored(offset, bytes)),
        complete: after + 1 >= (offsets[0] ?? 0),
      }
      return Promise.resolve(page)
    },
  }
}

async function offsetsOf(
  log: HistoryLog,
  ...[request]: [Partial<Parameters<typeof readHistory>[0]>]
): Promise<number[]> {
  const page = await readHistory({ from: 'start', before: null, limit: 100, ...request }, log)
  return page.events.map(({ offset }) => offset)
}

const dense = [5, 6, 7, 8, 9, 10, 11, 12]
const sparse = [50, 60, 70, 80, 90, 100, 110, 120]

describe('readHistory()', () => {
  it.each([true, false])(
    'reads the newest events, before an offset too (dense: %s)',
    async (isDense) => {
      const all = isDense ? dense : sparse
      const log = logOf(all, isDense)

      expect(await offsetsOf(log, { from: { last: 3 } })).toEqual(all.slice(-3))
      expect(await offsetsOf(log, { from: { last: 3 }, before: all[5] ?? 0 })).toEqual(
        all.slice(2, 5),
      )
      expect(await offsetsOf(log, { from: { last: 99 } })).toEqual(all)
      expect(await offsetsOf(log, { from: { last: 3 }, limit: 1 })).toEqual(all.slice(-1))
      expect(await offsetsOf(log, { from: { last: 0 } })).toEqual([])
      expect(await offsetsOf(log, { from: { last: 3 }, before: 1 })).toEqual([])
    },
  )

  it('says whether events are missing after the position that was asked for', async () => {
    const log = logOf(dense, true)
    const complete = async (from: Parameters<typeof readHistory>[0]['from']): Promise<boolean> =>
      (await readHistory({ from, before: null, limit: 2 }, log)).complete

    expect(await complete({ epoch: 'e', offset: 4 })).toBe(true)
    expect(await complete({ epoch: 'e', offset: 3 })).toBe(false)
    expect(await complete('start')).toBe(false)
    expect(await complete({ epoch: 'other', offset: 7 })).toBe(false)
    expect(await complete({ epoch: 'e', offset: 13 })).toBe(false)
  })

  it('asks a broker for no offset above its head, whatever a client asks for', async () => {
    const log = logOf(dense, true)
    const from = { epoch: 'e', offset: Number.MAX_SAFE_INTEGER }

    expect(await offsetsOf(log, { from })).toEqual([5, 6, 7, 8])
    expect(await offsetsOf(log, { from: { last: 2 }, before: Number.MAX_SAFE_INTEGER })).toEqual([
      11, 12,
    ])
  })

  it('a page of large events has fewer, and the newest first', async () => {
    const log = logOf(dense, true, 100 * 1024)

    expect(await offsetsOf(log, { from: { last: 5 } })).toEqual([11, 12])
  })

  it('begins at the offset that is known to be before the newest events', async () => {
    const log = { ...logOf(sparse, false), offsetBefore: () => Promise.resolve(90) }
    expect(await offsetsOf(log, { from: { last: 3 } })).toEqual([100, 110, 120])
    expect(log.reads).toBe(1)
    // Of a time when there were other events.
    log.offsetBefore = () => Promise.resolve(110)
    expect(await offsetsOf(log, { from: { last: 3 } })).toEqual([100, 110, 120])
    expect(await offsetsOf(log, { from: { last: 2 }, before: 60 })).toEqual([50])
  })

  it('asks before each further read, and ends when its page is not needed any more', async () => {
    const log = logOf(sparse, false)
    const asked: number[] = []
    const mayRead = (reads: number): boolean => asked.push(reads) < 1

    expect(await offsetsOf(log, { from: { last: 3 }, mayRead })).toEqual([60, 70, 80])
    expect([log.reads, asked]).toEqual([1, [1]])
  })

  it('T-13 the newest events are not complete if the log begins again between two pages', async () => {
    const log = logOf(sparse, false)
    const read = log.read.bind(log)
    log.read = async (after, limit) => {
      const page = await read(after, limit)
      return after === 0 ? page : { ...page, epoch: 'another' }
    }

    const page = await readHistory({ from: { last: 99 }, before: null, limit: 100 }, log)

    expect(page.events.map(({ offset }) => offset)).toEqual([50, 60, 70, 80])
    expect(page).toMatchObject({ epoch: 'e', complete: false })
  })

  it('pages of a long log are found by the distance of its offsets, at any of them', async () => {
    const long = Array.from({ length: 400 }, (_, index) => 10 * (index + 1))
    for (const spacing of [10, 4, 30]) {
      const log = { ...logOf(long, false), spacing }
      for (const last of [399, 200, 8, 3, 1]) {
        log.reads = 0
        const expected = long.slice(Math.max(0, last - 2), last)
        const before = 10 * last + 1
        expect(await offsetsOf(log, { from: { last: 2 }, before })).toEqual(expected)
        expect(log.reads).toBeLessThan(10)
      }
    }
  })

  it('a log that is short among others is read whole after two guesses', async () => {
    const log = { ...logOf([1_000_000, 1_000_100, 1_000_110], false), spacing: 10 }
    const asked: number[] = []
    const mayRead = (reads: number): boolean => asked.push(reads) < 100

    const request = { from: { last: 10 }, before: 1_000_110, mayRead }
    expect(await offsetsOf(log, request)).toEqual([1_000_000, 1_000_100])
    expect(log.reads).toBeLessThan(10)
    expect(asked).toHaveLength(log.reads - 1)
  })

  it('an empty topic has an empty history', async () => {
    expect(await offsetsOf(logOf([], true), { from: { last: 5 } })).toEqual([])
    expect(await offsetsOf(logOf([], true), {})).toEqual([])
  })
})
