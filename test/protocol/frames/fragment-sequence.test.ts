import { describe, expect, it } from 'vitest'
import { LocalProtocolError } from '../../../src/protocol/errors.ts'
import { FragmentSequence } from '../../../src/protocol/frames/fragment-sequence.ts'
import { FrameType } from '../../../src/protocol/frames/frame-type.ts'
import { hex } from '../../support/bytes.ts'

const { TEXT, BINARY, CLOSE, PING, PONG } = FrameType

describe('FragmentSequence', () => {
  it('FragmentSequence.next() gives the type first and continuations after it', () => {
    const sequence = new FragmentSequence()

    expect(sequence.next(TEXT, true, null)).toBe(1)
    expect(sequence.next(BINARY, false, null)).toBe(2)
    expect(sequence.isInsideMessage).toBe(true)
    expect(sequence.next(BINARY, false, null)).toBe(0)
    expect(sequence.next(BINARY, true, null)).toBe(0)
    expect(sequence.isInsideMessage).toBe(false)
    expect(sequence.next(TEXT, true, null)).toBe(1)
  })

  it('FragmentSequence.next() lets control frames between fragments', () => {
    const sequence = new FragmentSequence()
    sequence.next(TEXT, false, null)

    expect(sequence.next(PING, true, null)).toBe(9)
    expect(sequence.next(PONG, true, null)).toBe(10)
    expect(sequence.next(CLOSE, true, null)).toBe(8)
    expect(sequence.next(TEXT, true, null)).toBe(0)
  })

  it('FragmentSequence.next() throws when the type changes inside a message, and changes nothing', () => {
    const sequence = new FragmentSequence()
    sequence.next(TEXT, false, null)

    expect(() => sequence.next(BINARY, true, null)).toThrow(LocalProtocolError)
    expect(() => sequence.next(BINARY, false, null)).toThrow(
      'Cannot send BINARY frame inside a TEXT message: its last fragment has not been sent, expected it before another message',
    )
    expect(sequence.next(TEXT, true, null)).toBe(0)
    expect(sequence.next(BINARY, true, null)).toBe(2)
  })

  it('FragmentSequence.next() throws for text that is not UTF-8, and changes nothing', () => {
    const sequence = new FragmentSequence()

    for (const bad of ['ff', '61 c3 28', 'ed a0 80', '61 80']) {
      expect(() => sequence.next(TEXT, true, hex(bad))).toThrow(
        'Cannot send text: it is not UTF-8, expected Frame.Binary for it',
      )
      expect(() => sequence.next(TEXT, false, hex(bad))).toThrow(LocalProtocolError)
    }
    expect(sequence.isInsideMessage).toBe(false)
    expect(sequence.next(TEXT, true, hex('c3 a4'))).toBe(1)
    expect(sequence.next(BINARY, true, null)).toBe(2)
  })

  it('FragmentSequence.next() lets a character span fragments', () => {
    const sequence = new FragmentSequence()

    sequence.next(TEXT, false, hex('61 f0 9f'))
    sequence.next(TEXT, false, hex(''))
    expect(() => sequence.next(TEXT, false, hex('28'))).toThrow(LocalProtocolError)
    sequence.next(TEXT, false, hex('98'))
    expect(sequence.next(TEXT, true, hex('80 62'))).toBe(0)
    expect(sequence.next(TEXT, true, hex('63'))).toBe(1)
  })

  it('FragmentSequence.next() throws when a message would end inside a character', () => {
    const sequence = new FragmentSequence()

    expect(() => sequence.next(TEXT, true, hex('61 c3'))).toThrow(
      'Cannot send text: the message ends inside a character',
    )
    sequence.next(TEXT, false, hex('61 c3'))
    expect(() => sequence.next(TEXT, true, hex(''))).toThrow(LocalProtocolError)
    expect(() => sequence.next(TEXT, true, null)).toThrow('Cannot send text: it is not UTF-8')
    expect(sequence.next(TEXT, true, hex('a4'))).toBe(0)
  })

  it('FragmentSequence.next() does not look at binary', () => {
    expect(new FragmentSequence().next(BINARY, true, null)).toBe(2)
  })
})
