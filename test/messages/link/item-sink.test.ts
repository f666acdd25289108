import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { ItemSink } from '../../../src/messages/link/item-sink.ts'
import { checkOf } from '../../../src/schema/index.ts'

function sinkOf(credit: number, schema: StandardSchemaV1 | null = null) {
  const owner = { grant: vi.fn(), left: vi.fn(), invalid: vi.fn() }
  const sink = new ItemSink(credit, schema === null ? null : checkOf(schema), owner)
  return { sink, owner, items: sink[Symbol.asyncIterator]() }
}

function schemaOf(validate: StandardSchemaV1['~standard']['validate']): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

describe('ItemSink', () => {
  it('M-21 refuses an item past the credit', () => {
    const { sink } = sinkOf(2)

    expect([sink.receive(1), sink.receive(2), sink.receive(3)]).toEqual([true, true, false])
  })

  it('M-22 gives credit back when half of it has been taken', async () => {
    const { sink, owner, items } = sinkOf(4)
    for (let n = 0; n < 4; n++) sink.receive(n)

    await items.next()
    expect(owner.grant).not.toHaveBeenCalled()
    await items.next()
    expect(owner.grant.mock.calls).toEqual([[2]])
    expect([sink.receive(4), sink.receive(5), sink.receive(6)]).toEqual([true, true, false])
  })

  it.each([1, 3])('M-22 gives credit back also when it is odd: %d', async (credit) => {
    const { sink, owner, items } = sinkOf(credit)
    for (let n = 0; n < credit; n++) sink.receive(n)
    for (let n = 0; n < Math.ceil(credit / 2); n++) await items.next()

    expect(owner.grant.mock.calls).toEqual([[Math.ceil(credit / 2)]])
  })

  it('M-24 delivers the items that arrived before a failure', async () => {
    const { sink, items } = sinkOf(4)
    sink.receive(1)
    sink.end(new RangeError('broken'))

    expect(await items.next()).toEqual({ done: false, value: 1 })
    await expect(items.next()).rejects.toThrow(new RangeError('broken'))
  })

  it('M-24 delivers them also when they are validated asynchronously, in order', async () => {
    const releases: Array<() => void> = []
    const schema = schemaOf(
      (value) => new Promise((resolve) => void releases.push(() => resolve({ value }))),
    )
    const { sink, items } = sinkOf(4, schema)
    sink.receive(1)
    sink.receive(2)
    sink.end(new RangeError('broken'))
    releases[1]?.()
    releases[0]?.()

    expect([await items.next(), await items.next()]).toMatchObject([{ value: 1 }, { value: 2 }])
    await expect(items.next()).rejects.toThrow(new RangeError('broken'))
  })

  it('tells its owner of an invalid item, and of a schema that throws', () => {
    const { sink, owner } = sinkOf(4, z.number())
    sink.receive('x')
    expect(owner.invalid.mock.calls).toMatchObject([[{ issues: [{ path: [] }] }]])

    const broken = sinkOf(
      4,
      schemaOf(() => {
        throw new RangeError('broken')
      }),
    )
    broken.sink.receive(1)
    expect(broken.owner.invalid.mock.calls).toEqual([[{ error: new RangeError('broken') }]])
  })

  it('M-23 drops what waits when its reader leaves, and tells its owner once', async () => {
    const { sink, owner, items } = sinkOf(4)
    sink.receive(1)

    await items.return?.()
    sink.leave()

    expect(owner.left).toHaveBeenCalledTimes(1)
    expect(await items.next()).toEqual({ done: true, value: undefined })
    expect(sink.receive(2)).toBe(true)
  })

  it('tells nobody of a reader that leaves after the end', () => {
    const { sink, owner } = sinkOf(4)
    sink.end()
    sink.leave()

    expect(owner.left).not.toHaveBeenCalled()
  })
})
