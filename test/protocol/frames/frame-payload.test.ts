import { describe, expect, it } from 'vitest'
import { refuseData, refusePayload } from '../../../src/protocol/frames/frame-payload.ts'

describe('refusePayload()', () => {
  it('refusePayload() throws TypeError that says what came and what would do', () => {
    const cases: [unknown, string][] = [
      [16, 'a value of type number: expected bytes'],
      [null, 'null: expected bytes'],
      [[1], 'an object of class Array: expected bytes'],
      [
        new ArrayBuffer(1),
        'an object of class ArrayBuffer: expected bytes (wrap it: new Uint8Array(buffer))',
      ],
      [
        new Int16Array(1),
        'an object of class Int16Array: expected bytes ' +
          '(wrap it: new Uint8Array(view.buffer, view.byteOffset, view.byteLength))',
      ],
    ]
    for (const [value, rest] of cases) {
      const refuse = (): never => refusePayload('Frame.Ping', value, 'bytes')
      expect(refuse).toThrow(TypeError)
      expect(refuse).toThrow(`Cannot make Frame.Ping of ${rest}`)
    }
  })

  it('refusePayload() does not repeat the value', () => {
    expect(() => refusePayload('Frame.Binary', 'SECRET', 'bytes')).toThrow(/^(?!.*SECRET)/)
  })
})

describe('refuseData()', () => {
  it('refuseData() says what came, and how a buffer is sent', () => {
    const cases: [unknown, string][] = [
      [5, 'a value of type number: expected text'],
      [{ a: 1 }, 'an object of class Object: expected text'],
      [
        new ArrayBuffer(1),
        'an object of class ArrayBuffer: expected text (wrap it: new Uint8Array(buffer))',
      ],
    ]
    for (const [value, rest] of cases) {
      expect(() => refuseData('send', value, 'text')).toThrow(new TypeError(`Cannot send ${rest}`))
    }
  })
})
