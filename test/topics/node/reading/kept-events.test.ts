import { describe, expect, it } from 'vitest'
import type { LogPage } from '../../../../src/topics/index.ts'
import { keptOffsets, settlePage } from '../../../../src/topics/node/reading/kept-events.ts'

/** A log with events at every tenth offset, read three at a time. */
function logOf(count: number, epochs: string[] = []) {
  const reads: number[] = []
  const read = (after: number): Promise<LogPage> => {
    reads.push(after)
    const offsets = Array.from({ length: count }, (_, index) => (index + 1) * 10)
    const events = offsets
      .filter((offset) => offset > after)
      .slice(0, 3)
      .map((offset) => ({ offset, message: new Uint8Array() }))
    const epoch = epochs[reads.length - 1] ?? 'e'
    return Promise.resolve({ epoch, head: count * 10, events, complete: 'unknown' })
  }
  return { read, reads }
}

describe('settlePage', () => {
  it('T-11 a page of a log that is not full stays unknown', async () => {
    const { read } = logOf(7)
    expect((await settlePage(await read(0), 8, read)).complete).toBe('unknown')
  })

  it('T-12 a page of a full log is not complete, however short the page is', async () => {
    const { read } = logOf(8)
    expect((await settlePage(await read(0), 8, read)).complete).toBe(false)
  })

  it('reads no more than it has to', async () => {
    const { read, reads } = logOf(100)
    await settlePage(await read(0), 5, read)
    expect(reads).toEqual([0, 30])
    const whole = logOf(3)
    await settlePage(await whole.read(0), 5, whole.read)
    expect(whole.reads).toEqual([0])
  })

  it('takes the word of a broker that can tell', async () => {
    const { read } = logOf(8)
    const page: LogPage = { ...(await read(0)), complete: true }
    expect(await settlePage(page, 2, read)).toBe(page)
  })

  it('T-13 a log that begins again meanwhile is not complete', async () => {
    const { read } = logOf(4, ['e', 'f'])
    expect((await settlePage(await read(0), 9, read)).complete).toBe(false)
  })
})

describe('keptOffsets', () => {
  it('finds all events, over several pages', async () => {
    const offsets = [10, 20, 30, 40, 50, 60, 70, 80]
    expect(await keptOffsets(logOf(8).read)).toEqual({ head: 80, offsets })
    expect(await keptOffsets(logOf(0).read)).toEqual({ head: 0, offsets: [] })
  })

  it('finds nothing when the log begins again', async () => {
    expect(await keptOffsets(logOf(8, ['e', 'f']).read)).toEqual({ head: 80, offsets: [] })
  })
})
