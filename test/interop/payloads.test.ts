import { describe, expect, it } from 'vitest'

import { arrayBufferOf, bufferOf, bytesOf, frameOf } from '../../src/interop/payloads.ts'
import { Frame } from '../../src/protocol/index.ts'

describe('frameOf()', () => {
  it('makes text of a string and binary of bytes, unless told otherwise', () => {
    expect(frameOf('a', undefined)).toEqual(new Frame.Text('a'))
    expect(frameOf('a', true)).toBeInstanceOf(Frame.Binary)
    expect(frameOf(Uint8Array.of(1), undefined)).toEqual(new Frame.Binary(Uint8Array.of(1)))
    expect(frameOf(Buffer.from('a'), false)).toBeInstanceOf(Frame.Text)
  })
})

describe('bytesOf()', () => {
  it('shows the bytes of views and buffers without a copy', () => {
    const memory = Uint8Array.of(1, 2, 3, 4)

    expect(bytesOf(memory)).toBe(memory)
    expect(bytesOf(new DataView(memory.buffer, 1, 2))).toEqual(Uint8Array.of(2, 3))
    expect(bytesOf(memory.buffer)).toEqual(memory)
    expect(bytesOf(new SharedArrayBuffer(1))).toEqual(Uint8Array.of(0))
  })

  it('throws a TypeError for anything else', () => {
    // @ts-expect-error -- a program without types
    expect(() => bytesOf(4711)).toThrow('expected a string or bytes')
  })
})

describe('bufferOf() and arrayBufferOf()', () => {
  it('have the payload of a frame, and nothing around it', () => {
    const frame = new Frame.Binary(Uint8Array.of(1, 2, 3).subarray(1))

    expect(bufferOf(frame)).toEqual(Buffer.from([2, 3]))
    expect(arrayBufferOf(frame)).toEqual(Uint8Array.of(2, 3).buffer)
  })
})
