import { describe, expect, it } from 'vitest'
import { messageOf, ownMessageOf, sizeOfMessage } from '../../../src/engines/browser/message.ts'
import { Frame, LocalProtocolError } from '../../../src/protocol/index.ts'

const BYTES = Uint8Array.of(1, 2, 3)

describe('messageOf()', () => {
  it('messageOf() is the text of text, and the bytes of bytes', () => {
    expect(messageOf('ä')).toBe('ä')
    expect(messageOf(BYTES)).toBe(BYTES)
    expect(messageOf(new Frame.Text('ä'))).toBe('ä')
    expect(messageOf(new Frame.Text(Uint8Array.of(0xc3, 0xa4)))).toBe('ä')
    expect(messageOf(new Frame.Binary(BYTES))).toBe(BYTES)
  })

  it('messageOf() refuses a fragment, and text that is not UTF-8, with LocalProtocolError', () => {
    for (const frame of [
      new Frame.Text('a', { fin: false }),
      new Frame.Binary(BYTES, { fin: false }),
      new Frame.Text(Uint8Array.of(0xff)),
    ]) {
      expect(() => messageOf(frame)).toThrow(LocalProtocolError)
    }
  })

  it('messageOf() refuses what a page cannot send with TypeError', () => {
    for (const wrong of [new Frame.Ping(), new Frame.Close(), 5, null, new ArrayBuffer(1), {}]) {
      // @ts-expect-error not all of these are frames
      expect(() => messageOf(wrong)).toThrow(TypeError)
    }
  })
})

describe('ownMessageOf(), sizeOfMessage()', () => {
  it('ownMessageOf() is in memory of its own', () => {
    const own = ownMessageOf(new Frame.Binary(BYTES))

    expect(own).toEqual(BYTES)
    expect(own).not.toBe(BYTES)
    expect(ownMessageOf('a')).toBe('a')
  })

  it('sizeOfMessage() counts bytes as they travel', () => {
    expect(sizeOfMessage('aé€😀')).toBe(10)
    expect(sizeOfMessage('\ud800')).toBe(3)
    expect(sizeOfMessage(new Frame.Binary(BYTES))).toBe(3)
  })
})
