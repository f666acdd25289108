import { describe, expect, it } from 'vitest'

import {
  isCheckedText,
  partOf,
  receivedPart,
  receivedText,
} from '../../../src/protocol/frames/data-frames.ts'
import { Frame } from '../../../src/protocol/frames/frame.ts'
import { ownBytes, ownPayload } from '../../../src/protocol/frames/owned-payload.ts'
import { allocateBlock } from '../../../src/protocol/memory.ts'
import { PayloadPart } from '../../../src/protocol/payload-part.ts'
import { hex } from '../../support/bytes.ts'

/** 2 bytes, in a piece of memory that others share. */
function shared(): Uint8Array {
  const piece = new Uint8Array(4088)
  piece.set(hex('68 69'), 8)
  return piece.subarray(8, 10)
}

describe('ownPayload()', () => {
  it('copies the payload of each kind of frame out of shared memory', () => {
    for (const frame of [
      new Frame.Text(shared()),
      new Frame.Binary(shared()),
      new Frame.Ping(shared()),
      new Frame.Pong(shared()),
    ]) {
      ownPayload(frame)

      expect(frame.buffer).toEqual(hex('68 69'))
      expect(frame.buffer.buffer.byteLength).toBe(2)
    }
  })

  it('copies a part, which nothing has looked at', () => {
    const block = allocateBlock(64)
    block.bytes.set(hex('68 69'), 8)
    for (const isText of [true, false]) {
      const frame = receivedPart(new PayloadPart(block, 8, 2), isText)
      ownPayload(frame)

      expect(partOf(frame)).toBe(null)
      expect(frame.buffer).toEqual(hex('68 69'))
      expect(frame.buffer.buffer.byteLength).toBe(2)
    }
  })

  it('leaves a payload alone that has its memory to itself, or is none', () => {
    const bytes = new Uint8Array(100)
    const binary = new Frame.Binary(bytes)
    const empty = new Frame.Binary(new Uint8Array(4088).subarray(0, 0))
    const text = new Frame.Text('hi')
    const close = new Frame.Close()
    for (const frame of [binary, empty, text, close]) ownPayload(frame)

    expect(binary.buffer).toBe(bytes)
    expect(empty.buffer.buffer.byteLength).toBe(4088)
    expect(text.readText()).toBe('hi')
  })

  it('keeps what is known of a text', () => {
    const frame = receivedText(shared())
    ownPayload(frame)

    expect(isCheckedText(frame)).toBe(true)
    expect(frame.readText()).toBe('hi')
    expect(frame.fin).toBe(true)
  })
})

describe('ownBytes()', () => {
  it('gives a copy of bytes in shared memory, and others themselves', () => {
    const own = hex('01 02')

    expect(ownBytes(own)).toBe(own)
    expect(ownBytes(shared())).toEqual(hex('68 69'))
    expect(ownBytes(shared()).buffer.byteLength).toBe(2)
  })
})
