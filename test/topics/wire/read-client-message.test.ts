import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readClientMessage } from '../../../src/topics/wire/read-client-message.ts'

const read = (message: unknown): unknown => readClientMessage(JSON.stringify(message))

describe('readClientMessage()', () => {
  it('reads each message, and ignores fields that it does not know', () => {
    expect(read({ type: 'hello', more: 1 })).toEqual({
      type: 'hello',
      client: null,
      token: null,
      topics: [],
    })
    expect(
      read({
        type: 'hello',
        client: 'a.b',
        token: 't',
        topics: [
          { topic: 'a', epoch: 'e', offset: 1, away: 5 },
          { topic: 'b', from: { last: 3 } },
        ],
      }),
    ).toEqual({
      type: 'hello',
      client: 'a.b',
      token: 't',
      topics: [
        { topic: 'a', epoch: 'e', offset: 1, away: 5 },
        { topic: 'b', from: { last: 3 } },
      ],
    })
    expect(read({ type: 'subscribe', id: 1, topic: 'a' })).toEqual({
      type: 'subscribe',
      id: 1,
      topic: 'a',
      from: 'now',
    })
    expect(read({ type: 'publish', id: 1, topic: 'a', seq: 2, bytes: 'AQI=' })).toEqual({
      type: 'publish',
      id: 1,
      topic: 'a',
      seq: 2,
      key: null,
      data: new Uint8Array([1, 2]),
    })
    expect(read({ type: 'other', id: 3 })).toEqual({ type: 'unknown', id: 3, named: 'other' })
  })

  it.each([
    { type: 'hello', topics: {} },
    { type: 'hello', topics: [{ topic: 1 }] },
    { type: 'hello', topics: [{ topic: 'a', epoch: 'e', offset: -1 }] },
    { type: 'hello', topics: [{ topic: 'a', epoch: 'x'.repeat(81), offset: 1 }] },
    { type: 'subscribe', topic: 'a' },
    { type: 'subscribe', id: 1.5, topic: 'a' },
    { type: 'subscribe', id: 1, topic: 'a', from: 'later' },
    { type: 'subscribe', id: 1, topic: 'a', from: { last: -1 } },
    { type: 'unsubscribe', id: 1 },
    { type: 'publish', id: 1, topic: 'a', seq: 0, data: 1 },
    { type: 'publish', id: 1, topic: 'a', seq: 2 ** 53, data: 1 },
    { type: 'publish', id: 1, topic: 'a', seq: 1, bytes: '!' },
    { type: 'publish', id: 1, topic: 'a', seq: 1 },
    { type: 'publish', id: 1, topic: 'a', seq: 1, bytes: { type: 'Buffer', data: [1] } },
  ])('refuses %j', (message) => {
    expect(read(message)).toBeNull()
  })

  it('T-57 returns a message or null for whatever a client sends', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('hello', 'publish', 'now', 1, -1))
    const fields = fc.constantFrom(
      'type',
      'id',
      'topic',
      'seq',
      'from',
      'topics',
      'epoch',
      'offset',
      'bytes',
      'client',
    )
    const message = fc.oneof(
      fc.string(),
      fc.dictionary(fields, value).map((each) => JSON.stringify(each)),
    )
    fc.assert(
      fc.property(message, (text) => {
        const result = readClientMessage(text)
        expect(result === null || typeof result.type === 'string').toBe(true)
      }),
    )
  })
})
