import { describe, expect, it } from 'vitest'
import { MemberTable } from '../../../src/topics/presence/member-table.ts'

const [one, two] = [{}, {}]
const said = (meta: unknown, stamp: number, by = 'a') => ({ meta, stamp, by })

describe('MemberTable', () => {
  it('T-45 a key has joined with its first seat, and left after its last', () => {
    const table = new MemberTable()

    expect(table.sit(one, 'ada', said(1, 1))).toEqual({
      type: 'joined',
      member: { key: 'ada', meta: 1 },
    })
    expect(table.sit(two, 'ada', said(1, 2))).toBeNull()
    expect(table.stand(one, 'ada')).toBeNull()
    expect(table.size).toBe(1)
    expect(table.stand(two, 'ada')).toEqual({ type: 'left', member: { key: 'ada', meta: 1 } })
    expect([table.size, [...table.keys]]).toEqual([0, []])
  })

  it('T-49 what was said last counts, in whatever order it is heard', () => {
    const [forward, backward] = [new MemberTable(), new MemberTable()]
    const statements = [said('old', 1, 'b'), said('new', 2, 'a'), said('same stamp', 2, 'c')]
    for (const [seat, each] of statements.entries()) forward.sit(seat, 'ada', each)
    for (const [seat, each] of [...statements.entries()].reverse()) backward.sit(seat, 'ada', each)

    expect(forward.list(1)).toEqual([{ key: 'ada', meta: 'same stamp' }])
    expect(backward.list(1)).toEqual(forward.list(1))
  })

  it('when the seat that spoke last stands up, what others said counts again', () => {
    const table = new MemberTable()
    table.sit(one, 'ada', said('first', 1))
    table.sit(two, 'ada', said('second', 2))

    expect(table.stand(two, 'ada')).toEqual({
      type: 'updated',
      member: { key: 'ada', meta: 'first' },
    })
    expect(table.saidOf('ada')?.stamp).toBe(1)
  })

  it('saying the same again is no change', () => {
    const table = new MemberTable()
    table.sit(one, 'ada', said({ name: 'Ada' }, 1))
    expect(table.sit(one, 'ada', said({ name: 'Ada' }, 2))).toBeNull()
    expect(table.saidOf('ada')?.stamp).toBe(2)
  })

  it('a seat that has no key, or another one, cannot stand up', () => {
    const table = new MemberTable()
    table.sit(one, 'ada', said(1, 1))
    expect(table.stand(two, 'ada')).toBeNull()
    expect(table.stand(one, 'bob')).toBeNull()
    expect(table.saidOf('bob')).toBeNull()
    expect(table.list(5)).toHaveLength(1)
  })

  it('counts the bytes of a list of its members in JSON, and lists no more than fit', () => {
    const table = new MemberTable()
    table.sit(one, 'ada', said('\u00e9', 1))
    table.sit(one, 'bob', said({ name: 'Bob' }, 2))
    const sizes = table.list(2).map((member) => Buffer.byteLength(JSON.stringify(member)) + 1)
    const [first = 0, second = 0] = sizes
    expect(table.bytes).toBe(first + second)
    expect(table.list(2, first + second)).toHaveLength(2)
    expect(table.list(2, first + second - 1)).toEqual([{ key: 'ada', meta: '\u00e9' }])

    table.sit(one, 'ada', said('longer', 3))
    expect(table.bytes).toBe(first + second + 'longer'.length - Buffer.byteLength('\u00e9'))
    for (const key of ['ada', 'bob']) table.stand(one, key)

    expect(table.bytes).toBe(0)
  })
})
