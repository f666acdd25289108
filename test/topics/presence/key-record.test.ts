import { describe, expect, it } from 'vitest'
import {
  decodeKeyRecord,
  encodeKeyRecord,
  hashHolder,
  keyLogOf,
} from '../../../src/topics/presence/key-record.ts'

describe('keyLogOf()', () => {
  it('gives each key of each topic a log of its own, whose name is short', () => {
    const pairs = [
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a","b', 'c'],
      ['x'.repeat(255), 'y'.repeat(255)],
    ] as const
    const names = pairs.map(([topic, key]) => keyLogOf(topic, key).name)

    expect(new Set(names).size).toBe(pairs.length)
    for (const name of names) expect(name).toMatch(/^presence\/\/[\w-]{43}$/)
  })
})

describe('decodeKeyRecord()', () => {
  it('reads what encodeKeyRecord() writes', () => {
    const record = { holder: hashHolder('ada'), nodes: ['a', 'b'] }

    expect(decodeKeyRecord(encodeKeyRecord(record))).toEqual(record)
  })

  it.each(['', 'null', '[]', '{}', '{"holder":1,"nodes":[]}', '{"holder":"a","nodes":[1]}'])(
    'returns null for %j',
    (text) => {
      expect(decodeKeyRecord(new TextEncoder().encode(text))).toBeNull()
    },
  )
})
