import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { minutes } from '../../../src/base/index.ts'
import { readDefinition } from '../../../src/topics/kind/topic-definition.ts'

const read = (definition: object): unknown => readDefinition('test', definition)

describe('readDefinition()', () => {
  it('keeps nothing by default, and lets slow subscribers skip', () => {
    expect(read({})).toEqual({ event: null, history: null, presence: null, lagging: 'skip' })
    expect(read({ history: null, presence: null })).toEqual(read({}))
  })

  it('fills in what history and presence leave out', () => {
    const schema = z.string()

    expect(read({ history: { size: 1, age: minutes(1) } })).toMatchObject({
      history: { size: 1, ageMs: 60_000 },
      lagging: 'replay',
    })
    expect(read({ presence: {} })).toMatchObject({ presence: { meta: null, listed: 1000 } })
    expect(read({ event: schema, presence: { meta: schema, listed: 10_000 } })).toMatchObject({
      event: schema,
      presence: { meta: schema, listed: 10_000 },
    })
  })

  it.each(['skip', 'close'])('a topic without history may be lagging: %s', (lagging) => {
    expect(read({ lagging })).toMatchObject({ lagging })
  })

  it.each([
    [{ history: { size: 0, age: 60_000 } }, RangeError],
    [{ history: { size: 1, age: 59_000 } }, RangeError],
    [{ history: { size: 100_001, age: 60_000 } }, RangeError],
    [{ history: { size: 1 } }, TypeError],
    [{ history: { size: 1, age: 60_000, keys: 1 } }, TypeError],
    [{ lagging: 'replay' }, TypeError],
    [{ lagging: 'latest' }, TypeError],
    [{ lagging: 'sometimes' }, TypeError],
    [{ event: {} }, TypeError],
    [{ key: 'symbol' }, TypeError],
    [{ presence: { listed: 0 } }, RangeError],
    [{ presence: { listed: 10_001 } }, RangeError],
    [{ presence: { meta: {} } }, TypeError],
    [{ presence: { grace: 1 } }, TypeError],
    [{ histroy: null }, TypeError],
    [null, TypeError],
  ])('refuses %j', (definition, error) => {
    // The types allow none of these.
    expect(() => read(definition as object)).toThrow(error)
  })
})
