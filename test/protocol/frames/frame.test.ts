import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CloseReason } from '../../../src/protocol/closing/close-reason.ts'
import { LocalProtocolError } from '../../../src/protocol/errors.ts'
import { Frame, isFrame, payloadOf } from '../../../src/protocol/frames/frame.ts'
import { preparedPayload } from '../../../src/protocol/frames/prepared-frame.ts'
import { FrameType } from '../../../src/protocol/frames/frame-type.ts'
import { hex } from '../../support/bytes.ts'

const ALL: readonly Frame[] = [
  new Frame.Text('a'),
  new Frame.Binary(hex('01')),
  new Frame.Close(),
  new Frame.Ping(),
  new Frame.Pong(),
]

describe('Frame', () => {
  it('S-41 Frame has the five classes, as values and as types', () => {
    const text: Frame.Text = new Frame.Text('a')
    const binary: Frame.Binary = new Frame.Binary(hex('01'))
    const close: Frame.Close = new Frame.Close()
    const ping: Frame.Ping = new Frame.Ping()
    const pong: Frame.Pong = new Frame.Pong()

    expect([text, binary, close, ping, pong].map((frame) => frame.frameType)).toEqual([
      1, 2, 8, 9, 10,
    ])
  })

  it('S-15 Frame is narrowed by instanceof and by its frameType', () => {
    const seen = ALL.map((frame) => {
      if (frame instanceof Frame.Text) return frame.readText()
      switch (frame.frameType) {
        case FrameType.BINARY:
          return frame.buffer.length
        case FrameType.CLOSE:
          return frame.readReason()
        case FrameType.PING:
        case FrameType.PONG:
          return FrameType.nameOf(frame.frameType)
      }
    })

    expect(seen).toEqual(['a', 1, null, 'PING', 'PONG'])
  })

  it('S-40 Frame has fin, frameType, buffer and disposableHandle in every class', () => {
    for (const frame of ALL) {
      expect(frame.fin).toBe(true)
      expect(frame.buffer).toBeInstanceOf(Uint8Array)
      expect(frame.disposableHandle[Symbol.dispose]).toBeTypeOf('function')
    }
  })

  it.each([
    [new Frame.Text('a'), 'Frame.Text (disposed)'],
    [new Frame.Text(hex('61')), 'Frame.Text (disposed)'],
    [new Frame.Binary(hex('61')), 'Frame.Binary (disposed)'],
  ])('%s cannot be read once it is disposed, which may happen twice', (frame, shown) => {
    const bytes = frame.buffer
    frame.disposableHandle[Symbol.dispose]()
    frame[Symbol.dispose]()

    const refusal = new LocalProtocolError(
      'Cannot use the frame: it is disposed, expected one that is not',
    )
    expect(() => frame.buffer).toThrow(refusal)
    expect(() => (frame instanceof Frame.Text ? frame.readText() : frame.buffer)).toThrow(refusal)
    expect(() => Frame.prepare(frame)).toThrow(refusal)
    expect(() => payloadOf(frame)).toThrow(refusal)
    expect(String(frame)).toBe(shown)
    expect([frame.fin, frame.frameType]).toEqual([true, frame instanceof Frame.Text ? 1 : 2])
    // Bytes that were read before stay valid.
    expect(bytes).toEqual(hex('61'))
  })

  it('a prepared frame keeps its bytes when the frame that it was made from is disposed', () => {
    const frame = new Frame.Binary(hex('61 62'))
    const prepared = Frame.prepare(frame)
    frame[Symbol.dispose]()

    expect(preparedPayload(prepared)).toEqual(hex('61 62'))
  })

  it('control frames can be read after their disposal', () => {
    for (const frame of [new Frame.Ping(hex('61')), new Frame.Pong(hex('61'))]) {
      frame[Symbol.dispose]()

      expect(frame.buffer).toEqual(hex('61'))
    }
  })

  it('isFrame() knows the five classes and nothing else', () => {
    expect(ALL.every(isFrame)).toBe(true)
    for (const other of [null, undefined, 'text', new Uint8Array(1), { fin: true, frameType: 1 }]) {
      expect(isFrame(other)).toBe(false)
    }
  })

  it('payloadOf() gives the string that a text was made from, and bytes otherwise', () => {
    const bytes = hex('68 69')

    expect(payloadOf(new Frame.Text('hi'))).toBe('hi')
    expect(payloadOf(new Frame.Text(bytes))).toBe(bytes)
    expect(payloadOf(new Frame.Binary(bytes))).toBe(bytes)
    expect(payloadOf(new Frame.Ping(bytes))).toBe(bytes)
    expect(payloadOf(new Frame.Close(new CloseReason(1000)))).toEqual(hex('03 e8'))
  })
})

describe('frames for people', () => {
  it('Frame.Text prints itself without all of a long payload', () => {
    expect(inspect(new Frame.Text('say "hi"'))).toBe('Frame.Text "say \\"hi\\""')
    expect(inspect(new Frame.Text(hex('68 69'), { fin: false }))).toBe('Frame.Text(part) "hi"')
    expect(inspect(new Frame.Text('x'.repeat(1000)))).toBe(
      `Frame.Text "${'x'.repeat(48)}"… (1000 characters)`,
    )
    expect(String(new Frame.Text(new Uint8Array(99).fill(0x78)))).toBe(
      `Frame.Text "${'x'.repeat(48)}"… (99 bytes)`,
    )
  })

  it('Frame.Binary prints at most 16 bytes', () => {
    expect(inspect(new Frame.Binary(hex('de ad')))).toBe('Frame.Binary <de ad>')
    expect(String(new Frame.Binary(new Uint8Array(17), { fin: false }))).toBe(
      'Frame.Binary(part) <00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00>… (17 bytes)',
    )
  })
})
