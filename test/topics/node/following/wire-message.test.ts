import { describe, expect, it } from 'vitest'
import {
  decodeWireMessage,
  encodeWireMessage,
} from '../../../../src/topics/node/following/wire-message.ts'
import { MalformedBytesError } from '../../../../src/topics/kind/numbers.ts'

describe('a message of a topic without history', () => {
  it('comes back as it was', () => {
    const message = { sender: 'node 1', sequence: 300, envelope: new Uint8Array([1, 2, 3]) }
    expect(decodeWireMessage(encodeWireMessage(message))).toEqual(message)
  })

  it('T-57 bytes of another program are refused, wherever they end', () => {
    const whole = encodeWireMessage({ sender: 'abc', sequence: 300, envelope: new Uint8Array() })
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeWireMessage(whole.subarray(0, length))).toThrow(MalformedBytesError)
    }
    expect(() => decodeWireMessage(new Uint8Array([255, 255, 255, 255]))).toThrow(
      MalformedBytesError,
    )
  })
})
