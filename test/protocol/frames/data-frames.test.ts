import { deepStrictEqual } from 'node:assert'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  BinaryFrame,
  isCheckedText,
  partOf,
  receivedBinary,
  ReceivedOptions,
  receivedPart,
  receivedText,
  type Recycle,
  TextFrame,
  textPayloadOf,
} from '../../../src/protocol/frames/data-frames.ts'
import { LocalProtocolError } from '../../../src/protocol/errors.ts'
import { payloadOf } from '../../../src/protocol/frames/frame.ts'
import { allocateBlock } from '../../../src/protocol/memory.ts'
import { PayloadPart } from '../../../src/protocol/payload-part.ts'
import { hex } from '../../support/bytes.ts'
import { utf8 } from '../wire.ts'

describe('TextFrame', () => {
  it('S-40 TextFrame is final unless told otherwise', () => {
    expect(new TextFrame('a').fin).toBe(true)
    expect(new TextFrame('a', {}).fin).toBe(true)
    expect(new TextFrame('a', { fin: true }).fin).toBe(true)
    expect(new TextFrame('a', { fin: false }).fin).toBe(false)
  })

  it('S-40 TextFrame.buffer is the UTF-8 of a string, encoded once', () => {
    const frame = new TextFrame('Grüße')

    expect(frame.buffer).toEqual(utf8('Grüße'))
    expect(frame.buffer).toBe(frame.buffer)
  })

  it('S-40 TextFrame.buffer is the very bytes that the frame was made of', () => {
    const bytes = hex('68 69')

    expect(new TextFrame(bytes).buffer).toBe(bytes)
  })

  it('TextFrame.buffer has U+FFFD for a lone surrogate', () => {
    expect(new TextFrame('a\ud800b').buffer).toEqual(hex('61 ef bf bd 62'))
  })

  it('S-42 TextFrame.readText() decodes UTF-8 and keeps a leading U+FEFF', () => {
    expect(new TextFrame('hello').readText()).toBe('hello')
    expect(new TextFrame(hex('ef bb bf 61 f0 9f 98 80')).readText()).toBe('\ufeffa😀')
    expect(receivedText(utf8('日本語')).readText()).toBe('日本語')
    expect(new TextFrame(hex('')).readText()).toBe('')
  })

  it('S-42 TextFrame.readText() throws on a fragment that is not final', () => {
    expect(() => new TextFrame('hel', { fin: false }).readText()).toThrow(LocalProtocolError)
    expect(() => new TextFrame(hex('68'), { fin: false }).readText()).toThrow(LocalProtocolError)
  })

  it('S-42 TextFrame.readText() throws on a last fragment that begins inside a character', () => {
    expect(() => new TextFrame(hex('bc 61')).readText()).toThrow(
      'Cannot read text: a fragment may not be UTF-8 by itself, expected the whole message',
    )
  })

  it('TextFrame refuses what is neither string nor Uint8Array, and says what would do', () => {
    const wrong: [unknown, RegExp][] = [
      [1, /Frame\.Text of a value of type number: expected a string or a Uint8Array$/],
      [null, /of null: expected/],
      [undefined, /of a value of type undefined: expected/],
      [{}, /of an object of class Object: expected/],
      [new Uint16Array(2), /class Uint16Array: .*wrap it: new Uint8Array\(view\.buffer, /],
      [
        new DataView(new ArrayBuffer(2)),
        /class DataView: .*wrap it: new Uint8Array\(view\.buffer, /,
      ],
      [new ArrayBuffer(2), /class ArrayBuffer: .*wrap it: new Uint8Array\(buffer\)/],
    ]
    for (const [value, message] of wrong) {
      // @ts-expect-error none of these is a payload
      const make = (): TextFrame => new TextFrame(value)
      expect(make).toThrow(TypeError)
      expect(make).toThrow(message)
    }
  })

  it('TextFrame takes a Buffer and a Uint8Array of another realm', () => {
    const foreign: Uint8Array = runInNewContext('new Uint8Array([104, 105])')

    expect(foreign).not.toBeInstanceOf(Uint8Array)
    expect(new TextFrame(foreign).readText()).toBe('hi')
    expect(new TextFrame(Buffer.from('hi')).readText()).toBe('hi')
  })

  it('TextFrame differs from another text in a deep comparison', () => {
    expect(new TextFrame('a')).toEqual(new TextFrame('a'))
    expect(new TextFrame('a')).not.toEqual(new TextFrame('b'))
    expect(new TextFrame('a')).not.toEqual(new TextFrame('a', { fin: false }))
  })
})

describe('BinaryFrame', () => {
  it('S-40 BinaryFrame has the very bytes it was made of', () => {
    const bytes = hex('00 ff')

    expect(new BinaryFrame(bytes).buffer).toBe(bytes)
    expect(new BinaryFrame(bytes).fin).toBe(true)
    expect(new BinaryFrame(bytes, { fin: false }).fin).toBe(false)
  })

  it('BinaryFrame refuses a string and other views', () => {
    // @ts-expect-error a string is no bytes
    expect(() => new BinaryFrame('text')).toThrow(
      'Cannot make Frame.Binary of a value of type string',
    )
    // @ts-expect-error a Float32Array is no Uint8Array
    expect(() => new BinaryFrame(new Float32Array(1))).toThrow(TypeError)
  })

  it('BinaryFrame differs from other bytes in a deep comparison', () => {
    expect(new BinaryFrame(hex('01'))).not.toEqual(new BinaryFrame(hex('02')))
  })
})

describe('receivedPart()', () => {
  function part(text: string): PayloadPart {
    const block = allocateBlock(64)
    block.bytes.set(Buffer.from(text), 8)
    return new PayloadPart(block, 8, Buffer.byteLength(text))
  }

  it('makes frames that are read like all others', () => {
    const text = receivedPart(part('né'), true) as TextFrame
    const binary = receivedPart(part('né'), false)

    expect([text.fin, text.frameType, isCheckedText(text)]).toEqual([true, 1, true])
    expect(text.readText()).toBe('né')
    expect(text.buffer).toEqual(hex('6e c3 a9'))
    expect(text.buffer).toBe(text.buffer)
    expect([binary.fin, binary.frameType, binary.buffer]).toEqual([true, 2, hex('6e c3 a9')])
  })

  it('partOf() returns the part of a text until the application has had the bytes', () => {
    const payload = part('a')
    const frame = receivedPart(payload, true) as TextFrame
    expect(partOf(frame)).toBe(payload)

    frame.buffer[0] = 0xff
    expect(partOf(frame)).toBe(null)
    expect(isCheckedText(frame)).toBe(false)
    expect(partOf(new TextFrame('a'))).toBe(null)
  })

  it('a short binary message that arrived deeply equals one that the application makes', () => {
    expect(receivedPart(part('one'), false)).toEqual(new BinaryFrame(hex('6f 6e 65')))
    expect(receivedPart(part('one'), false)).not.toEqual(new BinaryFrame(hex('74 77 6f')))
    deepStrictEqual(receivedPart(part('a'), false), new BinaryFrame(hex('61')))
  })

  it('a disposed frame of a part cannot be read', () => {
    for (const isText of [true, false]) {
      const frame = receivedPart(part('a'), isText)
      frame[Symbol.dispose]()
      frame[Symbol.dispose]()

      expect(partOf(frame)).toBe(null)
      expect(() => frame.buffer).toThrow('Cannot use the frame: it is disposed')
    }
  })
})

describe('isCheckedText()', () => {
  it('isCheckedText() is true of strings and of received text, not of bytes from the application', () => {
    expect(isCheckedText(new TextFrame('a'))).toBe(true)
    expect(isCheckedText(receivedText(hex('61')))).toBe(true)
    expect(isCheckedText(new TextFrame(hex('61')))).toBe(false)
  })

  it('isCheckedText() is false once somebody has been given the bytes', () => {
    const frame = receivedText(hex('61'))
    frame.buffer[0] = 0xff

    expect(isCheckedText(frame)).toBe(false)
  })

  it('textPayloadOf() does not give the bytes to an application, and leaves the text checked', () => {
    const frame = receivedText(hex('61'))

    expect(textPayloadOf(frame)).toEqual(hex('61'))
    expect(isCheckedText(frame)).toBe(true)
  })

  it('dispose gives received bytes back, once, if the application never had them', () => {
    const given: unknown[] = []
    const recycle: Recycle = (payload) => void (payload === null || given.push(payload))
    const bytes = hex('61')
    const options = new ReceivedOptions(recycle)
    for (const frame of [receivedText(bytes, options), receivedBinary(bytes, options)]) {
      payloadOf(frame)
      if (frame instanceof TextFrame) frame.readText()
      frame[Symbol.dispose]()
      frame[Symbol.dispose]()
    }

    expect(given).toEqual([bytes, bytes])
  })

  it('dispose gives nothing back that the application may still have, or that is its own', () => {
    const refuse = (): never => expect.unreachable()
    const options = new ReceivedOptions(refuse)
    for (const frame of [receivedText(hex('61'), options), receivedBinary(hex('61'), options)]) {
      const kept = frame.buffer
      frame[Symbol.dispose]()
      expect(kept).toEqual(hex('61'))
    }
    receivedText('a')[Symbol.dispose]()
    new BinaryFrame(hex('61'))[Symbol.dispose]()
  })
})
