import { describe, expect, it } from 'vitest'
import { TooManyFragmentsError } from '../../../src/protocol/index.ts'
import {
  IncomingMessage,
  keepMessage,
  spareMessage,
} from '../../../src/protocol/frames/incoming-message.ts'
import { hex } from '../../support/bytes.ts'

const EURO = hex('e2 82 ac')

describe('IncomingMessage', () => {
  it('IncomingMessage has the type and the bits of the first frame, and the size of all', () => {
    const message = new IncomingMessage()
    expect(message.isUnfinished).toBe(false)

    message.begin(0x41, 3)
    message.begin(0x89, 100)
    message.begin(0x80, 4)

    expect(message).toMatchObject({ type: 1, reservedBits: 4, size: 7, isUnfinished: true })
    expect(message.end()).toBe(true)
    expect(message.isUnfinished).toBe(false)
  })

  it('IncomingMessage.checkFragments() refuses one fragment too many', () => {
    const message = new IncomingMessage()
    message.begin(0x02, 0)
    message.begin(0x00, 0)

    expect(message.checkFragments(0x00, 3)).toBe(null)
    expect(message.checkFragments(0x00, 2)).toBeInstanceOf(TooManyFragmentsError)
    expect(message.checkFragments(0x89, 2)).toBe(null)
  })

  it('IncomingMessage.accepts() follows a character over frames, and end() misses its rest', () => {
    const message = new IncomingMessage()
    message.begin(0x01, 2)
    expect(message.accepts(0x01, EURO, 0, 2, false)).toBe(true)
    expect(message.accepts(0x89, hex('ff'), 0, 1, false)).toBe(true)
    message.begin(0x80, 1)
    expect(message.accepts(0x80, EURO, 2, 3, false)).toBe(true)
    expect(message.end()).toBe(true)

    message.begin(0x81, 2)
    message.accepts(0x81, EURO, 0, 2, false)
    expect(message.end()).toBe(false)
  })

  it('IncomingMessage.accepts() refuses ASCII inside a character', () => {
    const message = new IncomingMessage()
    message.begin(0x01, 2)
    message.accepts(0x01, EURO, 0, 2, false)

    expect(message.accepts(0x80, hex('61'), 0, 1, true)).toBe(false)
  })

  it.each([
    [0x82, 'binary'],
    [0xc1, 'text that an extension has transformed'],
  ])('IncomingMessage.accepts() accepts any bytes of %i (%s)', (first) => {
    const message = new IncomingMessage()
    message.begin(first, 1)

    expect(message.accepts(first, hex('ff'), 0, 1, false)).toBe(true)
    expect(message.end()).toBe(true)
  })
})

it('spareMessage() is one object until a decoder keeps it', () => {
  const spare = spareMessage()
  keepMessage(new IncomingMessage())
  expect(spareMessage()).toBe(spare)

  keepMessage(spare)

  expect(spareMessage()).not.toBe(spare)
})
