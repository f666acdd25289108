import { describe, expect, it } from 'vitest'
import {
  decodeEnvelope,
  encodeData,
  encodeEnvelope,
  jsonTextOf,
} from '../../../src/topics/kind/envelope.ts'
import { MalformedBytesError } from '../../../src/topics/kind/numbers.ts'

describe('envelopes', () => {
  it('hold the time, the key, the publisher and the data', () => {
    for (const key of [null, 'kä']) {
      for (const publisher of [null, 'client']) {
        for (const event of [{ a: [1, null] }, new Uint8Array([0, 255])]) {
          const envelope = { at: 1_700_000_000_123, key, publisher, ...encodeData(event) }
          expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual(envelope)
        }
      }
    }
  })

  it('of JSON hold its text', () => {
    const { data } = encodeData({ text: 'ä' })

    expect(jsonTextOf(data)).toBe('{"text":"ä"}')
  })

  it('are refused when their flags are unknown', () => {
    expect(() => decodeEnvelope(Uint8Array.of(8, 0))).toThrow(MalformedBytesError)
    expect(() => decodeEnvelope(Uint8Array.of())).toThrow(MalformedBytesError)
  })

  it('have no room for what JSON cannot say', () => {
    expect(() => encodeData(undefined)).toThrow(TypeError)
    expect(() => encodeData(() => {})).toThrow(TypeError)
    expect(() => encodeData(1n)).toThrow(TypeError)
  })
})
