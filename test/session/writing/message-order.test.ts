import { describe, expect, it } from 'vitest'

import { Frame, LocalProtocolError } from '../../../src/protocol/index.ts'
import type { Outbound } from '../../../src/session/session.ts'
import {
  nextOpcode,
  outboundPayload,
  outboundSize,
  type QueuedFrame,
  queuedFrame,
  type SentMessages,
  wholeText,
} from '../../../src/session/writing/message-order.ts'

/** A session that has sent nothing. */
function nothingSent(): SentMessages {
  return { fragments: null }
}

function opcodeOf(sent: SentMessages, data: Outbound): number {
  return nextOpcode(sent, data, outboundPayload(data))
}

describe('The order of messages', () => {
  it('nextOpcode() tells text, binary and control frames apart', () => {
    const before = nothingSent()
    const all = ['a', Uint8Array.of(1), new Frame.Text('a'), new Frame.Binary(Uint8Array.of(1))]

    expect(all.map((data) => opcodeOf(before, data))).toEqual([1, 2, 1, 2])
    expect(opcodeOf(before, new Frame.Ping())).toBe(9)
    expect(opcodeOf(before, new Frame.Pong())).toBe(10)
  })

  it('nextOpcode() makes later fragments continuations, with control frames between', () => {
    const sent = nothingSent()
    const frames = [
      new Frame.Binary(Uint8Array.of(1), { fin: false }),
      new Frame.Ping(),
      new Frame.Binary(Uint8Array.of(2), { fin: false }),
      new Frame.Binary(Uint8Array.of(3)),
      new Frame.Binary(Uint8Array.of(4)),
    ]

    expect(frames.map((frame) => opcodeOf(sent, frame))).toEqual([2, 9, 0, 0, 2])
  })

  it('nextOpcode() refuses another type inside a message, which can then go on', () => {
    const sent = nothingSent()
    opcodeOf(sent, new Frame.Text('a', { fin: false }))

    expect(() => opcodeOf(sent, Uint8Array.of(1))).toThrow(LocalProtocolError)
    expect(opcodeOf(sent, 'b')).toBe(0)
    expect(opcodeOf(sent, Uint8Array.of(1))).toBe(2)
  })

  it('nextOpcode() refuses text given as bytes that is not UTF-8', () => {
    const sent = nothingSent()

    expect(() => opcodeOf(sent, new Frame.Text(Uint8Array.of(0xff)))).toThrow(LocalProtocolError)
    expect(opcodeOf(sent, new Frame.Text(Uint8Array.of(0xc3, 0xa9)))).toBe(1)
  })

  it('nextOpcode() lets a character be cut between two fragments, but not at the end', () => {
    const sent = nothingSent()
    opcodeOf(sent, new Frame.Text(Uint8Array.of(0xc3), { fin: false }))

    expect(() => opcodeOf(sent, new Frame.Text(Uint8Array.of(0x61)))).toThrow(LocalProtocolError)
    expect(opcodeOf(sent, new Frame.Text(Uint8Array.of(0xa9)))).toBe(0)
  })

  it('outboundPayload() and outboundSize() copy nothing and count bytes', () => {
    const bytes = Uint8Array.of(1, 2, 3)

    expect(outboundPayload(bytes)).toBe(bytes)
    expect(outboundSize(bytes)).toBe(3)
    expect(outboundSize('é')).toBe(2)
    expect(outboundSize(new Frame.Text('é'))).toBe(2)
    expect(outboundSize(queuedFrame(nothingSent(), 'é', false))).toBe(2)
  })

  it('outboundPayload() refuses a value that is neither a frame nor a string nor bytes', () => {
    // @ts-expect-error a caller in JavaScript may send a number
    expect(() => outboundPayload(5)).toThrow(
      'Cannot send a value of type number: expected a Frame, a string or a Uint8Array',
    )
    // @ts-expect-error a caller in JavaScript may send an object
    expect(() => outboundPayload({ a: 1 })).toThrow('an object of class Object: expected')
  })

  it('queuedFrame() settles the place and copies the bytes, also those of a Buffer', () => {
    const sent = nothingSent()
    const bytes = Buffer.of(1, 2)
    const frame = queuedFrame(sent, new Frame.Binary(bytes, { fin: false }), false)
    bytes.fill(9)

    expect(frame).toEqual<QueuedFrame>({
      opcode: 2,
      fin: false,
      payload: Uint8Array.of(1, 2),
      prepared: null,
    })
    expect(queuedFrame(sent, new Frame.Binary(bytes), false).opcode).toBe(0)
  })

  it('queuedFrame() refuses fragments where frames may be lost', () => {
    const sent = nothingSent()

    expect(() => queuedFrame(sent, new Frame.Text('a', { fin: false }), true)).toThrow(
      LocalProtocolError,
    )
    opcodeOf(sent, new Frame.Text('a', { fin: false }))
    expect(() => queuedFrame(sent, 'b', true)).toThrow(LocalProtocolError)
    expect(queuedFrame(sent, new Frame.Ping(), true).opcode).toBe(9)
  })

  it('wholeText() is the payload of a whole text message that is known to be text, and null for all other data', () => {
    const bytes = Uint8Array.of(97)

    expect(wholeText('a')).toBe('a')
    expect(wholeText(new Frame.Text('a'))).toBe('a')
    for (const data of [
      new Frame.Text('a', { fin: false }),
      new Frame.Text(bytes),
      new Frame.Binary(bytes),
      bytes,
      new Frame.Ping(),
    ]) {
      expect(wholeText(data)).toBe(null)
    }
  })
})
