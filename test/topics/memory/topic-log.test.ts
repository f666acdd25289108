import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { TopicLog } from '../../../src/topics/memory/topic-log.ts'

const KIND = { id: 'a', size: 3, ageMs: 60_000, dedupeMs: 1000 }
const ALL = { events: 100, bytes: 10_000 }

function logOf(...texts: string[]): TopicLog {
  const log = new TopicLog(KIND, 'e')
  for (const text of texts) log.append(bytes(text), { id: text }, null, 0)
  return log
}

/** A message that tells whether its copies are still in memory. */
class Watched extends Uint8Array {
  readonly copies: Array<WeakRef<object>> = []

  override slice(): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(this)
    this.copies.push(new WeakRef(copy))
    return copy
  }

  /** Asked in a turn of its own: what was made in this turn is strong until its end. */
  async isKept(): Promise<boolean> {
    await setImmediate()
    setFlagsFromString('--expose-gc')
    const gc: () => void = runInNewContext('gc')
    gc()
    return this.copies.some((copy) => copy.deref() !== undefined)
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('TopicLog', () => {
  it('numbers events from 1, and says which came before', () => {
    const log = new TopicLog(KIND, 'e')

    expect(log.append(bytes('a'), { id: 'a' }, null, 0)?.place).toEqual({
      epoch: 'e',
      offset: 1,
      previous: 0,
    })
    expect(log.append(bytes('b'), { id: 'b' }, null, 0)?.place).toMatchObject({ previous: 1 })
  })

  it('keeps the newest events, and says what is missing', () => {
    const log = logOf('a', 'b', 'c', 'd', 'e')

    expect(log.read(0, ALL, 0)).toMatchObject({ head: 5, complete: false })
    expect(log.read(2, ALL, 0).events.map(({ offset }) => offset)).toEqual([3, 4, 5])
    expect(log.read(2, ALL, 0).complete).toBe(true)
    expect(log.read(1, ALL, 0).complete).toBe(false)
    expect(log.read(4, ALL, 0).events.map(({ offset }) => offset)).toEqual([5])
    expect(log.read(9, ALL, 0)).toMatchObject({ events: [], complete: true })
  })

  it('drops events that are too old', () => {
    const log = logOf('a', 'b')
    log.append(bytes('c'), { id: 'c' }, null, 50_000)

    expect(log.read(0, ALL, 60_001)).toMatchObject({ complete: false, events: [{ offset: 3 }] })
    expect(log.read(2, ALL, 60_001).complete).toBe(true)
    expect(log.read(0, ALL, 200_000)).toMatchObject({ complete: false, events: [], head: 3 })
  })

  it('an event after others that have all expired still says which came before', () => {
    const size = 100
    const log = new TopicLog({ ...KIND, size }, 'e')
    for (let n = 1; n <= size; n++) log.append(bytes('a'), { id: `${n}` }, null, 0)

    const stored = log.append(bytes('b'), { id: 'b' }, null, 60_001)

    expect(stored?.place).toMatchObject({ offset: 101, previous: 100 })
  })

  it('keeps the bytes of no event that has expired, or was pushed out', async () => {
    const log = new TopicLog(KIND, 'e')
    const [expired, pushed, kept] = [new Watched(1000), new Watched(1000), new Watched(1000)]
    log.append(pushed, { id: 'a' }, null, 0)
    for (const id of ['b', 'c', 'd']) log.append(bytes('x'), { id }, null, 0)
    log.append(expired, { id: 'e' }, null, 1)
    log.append(kept, { id: 'f' }, null, 60_002)

    expect(await kept.isKept()).toBe(true)
    expect(await expired.isKept()).toBe(false)
    expect(await pushed.isKept()).toBe(false)
    expect(log.head.offset).toBe(6)
  })

  it('forgets identities after their time', () => {
    const log = logOf('a')

    expect(log.append(bytes('a'), { id: 'a' }, null, 1000)?.appended.duplicate).toBe(true)
    expect(log.append(bytes('a'), { id: 'a' }, null, 1001)?.appended.duplicate).toBe(false)
  })

  it('loses its tail in another epoch', () => {
    const log = logOf('a', 'b', 'c')

    log.lose(2, 'f')

    expect(log.head).toEqual({ epoch: 'f', offset: 1 })
    expect(log.append(bytes('b'), { id: 'b' }, null, 0)?.appended).toEqual({
      epoch: 'f',
      offset: 2,
      duplicate: false,
    })
    expect(log.append(bytes('x'), { id: 'x' }, { epoch: 'e', offset: 2 }, 0)).toBeNull()
  })

  it('keeps its entries together however many have been trimmed', () => {
    const log = logOf(...Array.from({ length: 500 }, (_, index) => `${index}`))

    expect(log.read(0, ALL, 0).events.map(({ offset }) => offset)).toEqual([498, 499, 500])
  })

  it('shares no bytes with those who append and read', () => {
    const message = bytes('a')
    const log = new TopicLog(KIND, 'e')
    log.append(message, { id: 'a' }, null, 0)

    message.fill(0)
    log.read(0, ALL, 0).events[0]?.message.fill(1)

    expect(log.read(0, ALL, 0).events[0]?.message).toEqual(bytes('a'))
  })
})
