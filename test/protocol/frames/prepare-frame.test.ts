import { describe, expect, it } from 'vitest'
import { Frame, LocalProtocolError, PreparedFrame } from '../../../src/protocol/index.ts'
import { preparedBytes, preparedPayload } from '../../../src/protocol/internal.ts'
import { toHex } from '../../support/bytes.ts'

describe('Frame.prepare()', () => {
  it.each([
    ['a string', 'Hello', '81 05 48 65 6c 6c 6f'],
    ['an empty string', '', '81 00'],
    ['a lone surrogate', '\ud800', '81 03 ef bf bd'],
    ['bytes', Uint8Array.of(1, 2), '82 02 01 02'],
    ['no bytes', new Uint8Array(0), '82 00'],
    ['a text frame', new Frame.Text('é'), '81 02 c3 a9'],
    ['a text frame of bytes', new Frame.Text(Uint8Array.of(0x61)), '81 01 61'],
    ['a binary frame', new Frame.Binary(Uint8Array.of(7)), '82 01 07'],
  ])('serialises %s', (_, data, expected) => {
    const prepared = Frame.prepare(data)

    expect(prepared).toBeInstanceOf(PreparedFrame)
    expect(toHex(preparedBytes(prepared))).toBe(expected)
    expect(prepared.byteLength).toBe(preparedPayload(prepared).length)
    expect(prepared.fin).toBe(true)
  })

  it.each([125, 126, 65_535, 65_536])('uses the shortest header for %d bytes', (size) => {
    for (const data of [new Uint8Array(size), 'é'.repeat(size >> 1) + 'a'.repeat(size & 1)]) {
      const prepared = Frame.prepare(data)

      expect(prepared.byteLength).toBe(size)
      const header = size < 126 ? 2 : size < 65_536 ? 4 : 10
      expect(preparedBytes(prepared).length).toBe(header + size)
    }
  })

  it('copies the bytes', () => {
    const bytes = Buffer.of(1, 2)
    const prepared = Frame.prepare(bytes)
    bytes.fill(9)

    expect(toHex(preparedBytes(prepared))).toBe('82 02 01 02')
  })

  it.each([
    ['a fragment', new Frame.Text('a', { fin: false }), LocalProtocolError],
    ['text that is not UTF-8', new Frame.Text(Uint8Array.of(0xff)), LocalProtocolError],
    ['a ping', new Frame.Ping(), TypeError],
    ['a Close frame', new Frame.Close(), TypeError],
    ['a number', 7, TypeError],
    ['null', null, TypeError],
  ])('refuses %s', (_, data, error) => {
    // Not by its type: from JavaScript.
    expect(() => Frame.prepare(data as unknown as string)).toThrow(error)
  })
})
