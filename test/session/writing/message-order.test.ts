import { describe, expect, it } from 'vitest'

import { Frame, LocalProtocolError } from '../../../src/protocol/index.ts'
import { latestBy } from '../../../src/session/index.ts'
import { MessageOrder, type QueuedFrame } from '../../../src/session/writing/message-order.ts'
import type { Outbound } from '../../../src/session/session.ts'

function opcodeOf(order: MessageOrder, data: Outbound): number {
  return order.opcodeOf(data, order.payloadOf(data))
}

describe('MessageOrder', () => {
  it('opcodeOf() tells text, binary and control frames apart', () => {
    const order = new MessageOrder('suspend')
    const sent = ['a', Uint8Array.of(1), new Frame.Text('a'), new Frame.Binary(Uint8Array.of(1))]

    expect(sent.map((data) => opcodeOf(order, data))).toEqual([1, 2, 1, 2])
    expect(opcodeOf(order, new Frame.Ping())).toBe(9)
    expect(opcodeOf(order, new Frame.Pong())).toBe(10)
  })

  it('opcodeOf() makes later fragments continuations, with control frames between', () => {
    const order = new MessageOrder('suspend')
    const frames = [
      new Frame.Binary(Uint8Array.of(1), { fin: false }),
      new Frame.Ping(),
      new Frame.Binary(Uint8Array.of(2), { fin: false }),
      new Frame.Binary(Uint8Array.of(3)),
      new Frame.Binary(Uint8Array.of(4)),
    ]

    expect(frames.map((frame) => opcodeOf(order, frame))).toEqual([2, 9, 0, 0, 2])
  })

  it('opcodeOf() refuses another type inside a message, which can then go on', () => {
    const order = new MessageOrder('suspend')
    opcodeOf(order, new Frame.Text('a', { fin: false }))

    expect(() => opcodeOf(order, Uint8Array.of(1))).toThrow(LocalProtocolError)
    expect(opcodeOf(order, 'b')).toBe(0)
    expect(opcodeOf(order, Uint8Array.of(1))).toBe(2)
  })

  it('opcodeOf() refuses text given as bytes that is not UTF-8', () => {
    const order = new MessageOrder('suspend')

    expect(() => opcodeOf(order, new Frame.Text(Uint8Array.of(0xff)))).toThrow(LocalProtocolError)
    expect(opcodeOf(order, new Frame.Text(Uint8Array.of(0xc3, 0xa9)))).toBe(1)
  })

  it('opcodeOf() lets a character be cut between two fragments, but not at the end', () => {
    const order = new MessageOrder('suspend')
    opcodeOf(order, new Frame.Text(Uint8Array.of(0xc3), { fin: false }))

    expect(() => opcodeOf(order, new Frame.Text(Uint8Array.of(0x61)))).toThrow(LocalProtocolError)
    expect(opcodeOf(order, new Frame.Text(Uint8Array.of(0xa9)))).toBe(0)
  })

  it('payloadOf() and sizeOf() copy nothing and count bytes', () => {
    const order = new MessageOrder('suspend')
    const bytes = Uint8Array.of(1, 2, 3)

    expect(order.payloadOf(bytes)).toBe(bytes)
    expect(order.sizeOf(bytes)).toBe(3)
    expect(order.sizeOf('é')).toBe(2)
    expect(order.sizeOf(new Frame.Text('é'))).toBe(2)
    expect(order.sizeOf(order.admit('é'))).toBe(2)
  })

  it('payloadOf() refuses what is neither a frame nor a string nor bytes', () => {
    // @ts-expect-error a number is what one might send
    expect(() => new MessageOrder('suspend').payloadOf(5)).toThrow(
      'Cannot send a value of type number, expected a Frame, a string or a Uint8Array',
    )
  })

  it('admit() settles the place and copies the bytes, also those of a Buffer', () => {
    const order = new MessageOrder('suspend')
    const bytes = Buffer.of(1, 2)
    const frame = order.admit(new Frame.Binary(bytes, { fin: false }))
    bytes.fill(9)

    expect(frame).toEqual<QueuedFrame>({
      opcode: 2,
      fin: false,
      payload: Uint8Array.of(1, 2),
      prepared: null,
    })
    expect(order.admit(new Frame.Binary(bytes)).opcode).toBe(0)
  })

  it('admit() refuses fragments where frames may be lost', () => {
    for (const policy of ['drop-oldest', 'drop-latest', latestBy(() => null)] as const) {
      const order = new MessageOrder(policy)

      expect(() => order.admit(new Frame.Text('a', { fin: false }))).toThrow(LocalProtocolError)
      opcodeOf(order, new Frame.Text('a', { fin: false }))
      expect(() => order.admit('b')).toThrow(LocalProtocolError)
      expect(order.admit(new Frame.Ping()).opcode).toBe(9)
    }
  })

  it('wholeText() is the payload of a whole message that is known to be text, and null for all others', () => {
    const order = new MessageOrder('suspend')
    const bytes = Uint8Array.of(97)

    expect(order.wholeText('a')).toBe('a')
    expect(order.wholeText(new Frame.Text('a'))).toBe('a')
    for (const data of [
      new Frame.Text('a', { fin: false }),
      new Frame.Text(bytes),
      new Frame.Binary(bytes),
      bytes,
      new Frame.Ping(),
    ]) {
      expect(order.wholeText(data)).toBe(null)
    }
  })

  it('wholeText() is null inside a message', () => {
    const order = new MessageOrder('suspend')
    opcodeOf(order, new Frame.Text('a', { fin: false }))

    expect(order.wholeText('b')).toBe(null)
  })
})
