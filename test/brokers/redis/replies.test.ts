import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  readAppended,
  readHeads,
  readPage,
  readPublished,
} from '../../../src/brokers/redis/replies.ts'

const buffers = (...texts: string[]): Buffer[] => texts.map((each) => Buffer.from(each))

describe('readPublished()', () => {
  it('an event is epoch, offset, offset before and message, which is a copy', () => {
    const payload = Buffer.from('e1 8 7 a b')

    const published = readPublished(payload)
    payload.fill(0)

    expect(published?.place).toEqual({ epoch: 'e1', offset: 8, previous: 7 })
    expect(new TextDecoder().decode(published?.message)).toBe('a b')
  })

  it.each(['', 'e1 8', 'e 1 x y', 'e1 8 9 a', 'e1 8 8 a', 'é 2 1 a', 'e1 99999999999999999 1 a'])(
    'bytes of another program are no event: "%s"',
    (payload) => {
      expect(readPublished(Buffer.from(payload))).toBeNull()
    },
  )

  it('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => readPublished(Buffer.from(bytes))).not.toThrow()
      }),
    )
  })
})

describe('readPage()', () => {
  const page = (...parts: string[]) => readPage(buffers('e1', ...parts), 2)

  it('a page that begins after the position is complete', () => {
    expect(page('4', '1', '3', 'c', '4', 'd')).toMatchObject({ head: 4, complete: true })
  })

  it('a page that begins later is not complete', () => {
    expect(page('5', '4', '4', 'd', '5', 'e').complete).toBe(false)
  })

  it('events that are gone at the head are not complete', () => {
    expect(page('4', '').complete).toBe(false)
    expect(page('2', '').complete).toBe(true)
  })

  it('a page ends at a hole, so that the next read begins there', () => {
    const { events } = page('9', '1', '3', 'c', '6', 'f')

    expect(events.map(({ offset }) => offset)).toEqual([3])
  })

  it.each([null, 'x', [], [1, 2, 3], buffers('bad epoch!', '1', '1'), buffers('e', 'x', '1')])(
    'an answer of another shape is an error: %j',
    (reply) => {
      expect(() => readPage(reply, 0)).toThrow('answer of Redis')
    },
  )

  it('T-34 an event above the head is an error', () => {
    expect(() => page('3', '1', '3', 'c', '4', 'd')).toThrow('answer of Redis')
  })

  it('an event at or before the position is an error', () => {
    expect(() => page('4', '1', '2', 'b')).toThrow('answer of Redis')
  })
})

describe('readAppended()', () => {
  it('an append is stored, known at an offset, known to be old, or refused', () => {
    expect(readAppended([...buffers('e', '3'), 0])).toEqual({
      epoch: 'e',
      offset: 3,
      duplicate: false,
    })
    expect(readAppended([...buffers('e', '3'), 1])).toMatchObject({ offset: 3, duplicate: true })
    expect(readAppended([...buffers('e', ''), 1])).toMatchObject({ offset: null, duplicate: true })
    expect(readAppended([...buffers('e', ''), 2])).toBeNull()
    expect(readAppended([...buffers('e', ''), 3])).toMatchObject({
      offset: null,
      duplicate: 'unknown',
    })
  })

  it('a stored event without an offset is an error', () => {
    expect(() => readAppended([...buffers('e', ''), 0])).toThrow('answer of Redis')
  })
})

describe('readHeads()', () => {
  it('heads come in pairs', () => {
    expect(readHeads(buffers('e', '0', 'f', '7'), 2)).toEqual([
      { epoch: 'e', offset: 0 },
      { epoch: 'f', offset: 7 },
    ])
  })

  it('too few heads are an error', () => {
    expect(() => readHeads(buffers('e', '0'), 2)).toThrow('answer of Redis')
  })
})
