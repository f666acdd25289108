import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeEnvelope } from '../../../src/topics/kind/envelope.ts'
import {
  CLIENT_LAYOUTS,
  type Layout,
  SERVER_LAYOUTS,
} from '../../../src/topics/wire/binary-layouts.ts'
import { decodeBinary, encodeBinary } from '../../../src/topics/wire/binary-messages.ts'
import { hex } from '../../support/bytes.ts'

const utf8 = (text: string): string => Buffer.from(text).toString('hex')
const position = { epoch: 'e', offset: 300 }

/** Each message of docs/topics-wire.md in bytes, written out. */
const CLIENT_VECTORS: ReadonlyArray<[object, string]> = [
  [
    {
      type: 'hello',
      client: null,
      token: 'ä',
      topics: [{ topic: 'a', from: { ...position, away: 5 } }],
    },
    '01 00 03 c3a4 01 01 61 04 01 65 ac02 05',
  ],
  [{ type: 'subscribe', id: 1, topic: 'a', from: 'now' }, '02 01 01 61 00'],
  [{ type: 'subscribe', id: 1, topic: 'a', from: 'start' }, '02 01 01 61 01'],
  [{ type: 'subscribe', id: 1, topic: 'a', from: { last: 20 } }, '02 01 01 61 02 14'],
  [{ type: 'subscribe', id: 1, topic: 'a', from: position }, '02 01 01 61 03 01 65 ac02'],
  [{ type: 'unsubscribe', id: 128, topic: 'a' }, '03 8001 01 61'],
  [
    { type: 'publish', id: 1, topic: 'a', seq: 2, key: null, data: { b: 1 } },
    `04 01 01 61 02 00 00 ${utf8('{"b":1}')}`,
  ],
  [
    { type: 'publish', id: 1, topic: 'a', seq: 2, key: 'k', bytes: new Uint8Array([1, 2]) },
    '04 01 01 61 02 02 6b 01 0102',
  ],
  [{ type: 'token', token: null }, '05 00'],
  [{ type: 'presence', id: 1, topic: 'a', mode: 'off' }, `06 01 01 61 03 ${utf8('off')}`],
  [{ type: 'join', id: 1, topic: 'a', meta: [1] }, `07 01 01 61 03 ${utf8('[1]')}`],
  [{ type: 'leave', id: 1, topic: 'a' }, '08 01 01 61'],
  [
    { type: 'history', id: 1, topic: 'a', from: { last: 2 }, before: 0, limit: 100 },
    '09 01 01 61 02 02 01 64',
  ],
]

describe('encodeBinary() and decodeBinary()', () => {
  it.each(CLIENT_VECTORS)('writes and reads %j', (message, bytes) => {
    const encoded = encodeBinary(CLIENT_LAYOUTS, { ...message }) ?? new Uint8Array(0)

    expect(Buffer.from(encoded).toString('hex')).toBe(bytes.replaceAll(' ', ''))
    expect(decodeBinary(CLIENT_LAYOUTS, hex(bytes))).toEqual(message)
  })

  it('reads an event from its envelope, in JSON and in bytes', () => {
    const envelope = { at: 7, key: 'k', publisher: null }
    const json = encodeEnvelope({
      ...envelope,
      isBinary: false,
      data: new TextEncoder().encode('{"a":1}'),
    })
    const binary = encodeEnvelope({ ...envelope, isBinary: true, data: new Uint8Array([9]) })
    const event = (bytes: Uint8Array): Uint8Array => new Uint8Array([3, 5, 9, ...bytes])

    expect(decodeBinary(SERVER_LAYOUTS, event(json))).toEqual({
      type: 'event',
      number: 5,
      offset: 8,
      ...envelope,
      data: { a: 1 },
    })
    expect(decodeBinary(SERVER_LAYOUTS, event(binary))).toMatchObject({
      bytes: new Uint8Array([9]),
    })
  })

  it('ignores bytes after the last field', () => {
    expect(decodeBinary(CLIENT_LAYOUTS, hex('05 00 01 02'))).toEqual({ type: 'token', token: null })
  })

  it('returns null for a type that has no layout', () => {
    expect(decodeBinary(CLIENT_LAYOUTS, hex('00'))).toBeNull()
    expect(decodeBinary(CLIENT_LAYOUTS, hex('ff 01'))).toBeNull()
    expect(encodeBinary(CLIENT_LAYOUTS, { type: 'event' })).toBeNull()
  })

  it.each([
    ['nothing', ''],
    ['a text that is cut off', '03 01 05 61'],
    ['a text that is not UTF-8', '03 01 01 ff'],
    ['a number that does not end', '03 80808080808080808001 01 61'],
    ['a number above 2^53 - 1', '03 ffffffffffffff7f 01 61'],
    ['a list that is longer than its bytes', '01 00 00 05 01 61 00'],
    ['a list that is too long', '01 00 00 ffffff7f'],
    ['data that is not JSON', '04 01 01 61 02 00 00 7b'],
  ])('throws for %s', (_problem, bytes) => {
    expect(() => decodeBinary(CLIENT_LAYOUTS, hex(bytes))).toThrow(/^(Cannot read|.*JSON)/)
  })

  it('T-57 returns fields, or throws a documented error, for whatever bytes come', () => {
    const layouts = fc.constantFrom<readonly Layout[]>(CLIENT_LAYOUTS, SERVER_LAYOUTS)
    fc.assert(
      fc.property(layouts, fc.uint8Array({ maxLength: 200 }), fc.nat(20), (each, bytes, type) => {
        if (bytes.length > 0) bytes[0] = type
        expect(outcomeOf(each, bytes)).toBe('documented')
      }),
      { numRuns: 2000 },
    )
  })
})

function outcomeOf(layouts: readonly Layout[], bytes: Uint8Array): string {
  try {
    const fields = decodeBinary(layouts, bytes)
    return fields === null || typeof fields['type'] === 'string' ? 'documented' : 'no message'
  } catch (error) {
    const isDocumented =
      error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError
    return isDocumented ? 'documented' : String(error)
  }
}
