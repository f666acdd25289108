import { describe, expect, it } from 'vitest'
import type { ProtocolViolation } from '../../../src/protocol/errors.ts'
import { rulesFor } from '../../../src/protocol/frames/decoder-options.ts'
import {
  checkExtendedLength,
  checkFirstByte,
  checkSecondByte,
  checkSize,
  header,
  readHeader,
} from '../../../src/protocol/frames/header-rules.ts'
import { IncomingMessage } from '../../../src/protocol/frames/incoming-message.ts'
import { hex } from '../../support/bytes.ts'

describe('readHeader()', () => {
  const read = (
    bytes: Uint8Array,
    role: 'server' | 'client',
    message = new IncomingMessage(),
  ): ReturnType<typeof readHeader> =>
    readHeader(bytes, 1, bytes.length, rulesFor({ role, maxFrameSize: 70_000 }), message)

  it('readHeader() reads each length, with and without a mask key', () => {
    expect(read(hex('00 81 85 37 fa 21 3d'), 'server')).toBe(null)
    expect(header).toEqual({ first: 0x81, length: 5, maskKey: 0x37fa213d, size: 6 })
    expect(read(hex('00 02 7e 01 00'), 'client')).toBe(null)
    expect(header).toEqual({ first: 0x02, length: 256, maskKey: 0, size: 4 })
    expect(read(hex('00 82 7f 00 00 00 00 00 01 00 00'), 'client')).toBe(null)
    expect(header).toEqual({ first: 0x82, length: 65_536, maskKey: 0, size: 10 })
  })

  it('readHeader() waits for the rest of a header that may be valid', () => {
    const whole = hex('00 82 ff 00 00 00 00 00 01 00 00 37 fa 21 3d')

    for (let end = 2; end < whole.length; end++) {
      expect(read(whole.subarray(0, end), 'server')).toBe('incomplete')
    }
    expect(read(whole, 'server')).toBe(null)
  })

  it('readHeader() finds a violation at the first byte that proves it', () => {
    expect(read(hex('00 80'), 'server')).toMatchObject({ closeCode: 1002 })
    expect(read(hex('00 81 05'), 'server')).toMatchObject({ closeCode: 1002 })
    expect(read(hex('00 81 fe 00 10'), 'server')).toMatchObject({ closeCode: 1002 })
    expect(read(hex('00 82 ff 00 00 00 00 00 02 00 00'), 'server')).toMatchObject({
      closeCode: 1009,
    })
  })
})

describe('checkFirstByte()', () => {
  it('checkFirstByte() lets pass exactly what may begin a frame, between and inside messages', () => {
    const allowed = (inside: boolean): number[] =>
      Array.from({ length: 256 }, (_, byte) => byte).filter(
        (byte) => checkFirstByte(byte, inside, 0) === null,
      )

    expect(allowed(false)).toEqual([0x01, 0x02, 0x81, 0x82, 0x88, 0x89, 0x8a])
    expect(allowed(true)).toEqual([0x00, 0x80, 0x88, 0x89, 0x8a])
  })

  it('checkFirstByte() takes claimed bits at the beginning of a message only', () => {
    const allowed = (inside: boolean): number[] =>
      Array.from({ length: 256 }, (_, byte) => byte).filter(
        (byte) => (byte & 0x70) !== 0 && checkFirstByte(byte, inside, 5) === null,
      )

    expect(allowed(false)).toEqual([
      0x11, 0x12, 0x41, 0x42, 0x51, 0x52, 0x91, 0x92, 0xc1, 0xc2, 0xd1, 0xd2,
    ])
    expect(allowed(true)).toEqual([])
  })

  it('checkFirstByte() says what is wrong', () => {
    expect(said(checkFirstByte(0xc1, false, 0))).toEqual([
      1002,
      'Cannot accept frame with reserved bits: no extension has claimed them',
    ])
    expect(said(checkFirstByte(0x83, false, 0))).toEqual([
      1002,
      'Cannot accept frame with opcode 3: it is reserved',
    ])
    expect(said(checkFirstByte(0x80, false, 0))).toEqual([
      1002,
      'Cannot accept continuation: no message has begun',
    ])
    expect(said(checkFirstByte(0x81, true, 0))).toEqual([
      1002,
      'Cannot accept start of a message: the one before has not ended',
    ])
    expect(said(checkFirstByte(0x09, true, 0))).toEqual([
      1002,
      'Cannot accept control frame: it is fragmented',
    ])
  })
})

describe('checkSecondByte()', () => {
  it('checkSecondByte() wants the mask bit from clients only', () => {
    expect(checkSecondByte(0x81, 0x80, true)).toBeNull()
    expect(checkSecondByte(0x81, 0x00, false)).toBeNull()
    expect(said(checkSecondByte(0x81, 0x00, true))).toEqual([
      1002,
      'Cannot accept frame without mask: a client masks',
    ])
    expect(said(checkSecondByte(0x81, 0x80, false))).toEqual([
      1002,
      'Cannot accept frame with mask: a server does not mask',
    ])
  })

  it('checkSecondByte() refuses a Close frame of 1 byte', () => {
    expect(said(checkSecondByte(0x88, 1, false))).toEqual([
      1002,
      'Cannot accept Close frame of 1 byte: a code takes 2',
    ])
    expect(checkSecondByte(0x88, 0, false)).toBeNull()
    expect(checkSecondByte(0x88, 2, false)).toBeNull()
    expect(checkSecondByte(0x89, 1, false)).toBeNull()
  })

  it('checkSecondByte() limits control frames to 125 bytes', () => {
    expect(checkSecondByte(0x89, 125, false)).toBeNull()
    expect(said(checkSecondByte(0x89, 126, false))?.[0]).toBe(1002)
    expect(said(checkSecondByte(0x88, 127, false))?.[0]).toBe(1002)
    expect(checkSecondByte(0x82, 127, false)).toBeNull()
  })
})

describe('checkExtendedLength()', () => {
  it('checkExtendedLength() wants the shortest form', () => {
    expect(checkExtendedLength(126, 2)).toBeNull()
    expect(checkExtendedLength(65536, 8)).toBeNull()
    expect(said(checkExtendedLength(125, 2))?.[0]).toBe(1002)
    expect(said(checkExtendedLength(65535, 8))?.[0]).toBe(1002)
  })

  it('checkExtendedLength() refuses 2^63 and more', () => {
    expect(checkExtendedLength(2 ** 63 - 2048, 8)).toBeNull()
    expect(said(checkExtendedLength(2 ** 63, 8))?.[0]).toBe(1002)
  })
})

describe('checkSize()', () => {
  it('checkSize() holds frames and messages to their limits, which are inclusive', () => {
    expect(checkSize(10, 10, 90, 100)).toBeNull()
    expect(said(checkSize(11, 10, 0, 100))).toEqual([
      1009,
      'Cannot accept frame of 11 bytes: at most 10 bytes are allowed',
    ])
    expect(said(checkSize(10, 10, 91, 100))).toEqual([
      1009,
      'Cannot accept message of 101 bytes: at most 100 bytes are allowed',
    ])
    expect(checkSize(2 ** 52, Infinity, 0, Infinity)).toBeNull()
  })

  it('checkSize() lets nothing pass a limit that is not a number', () => {
    expect(said(checkSize(0, Number.NaN, 0, 1))?.[0]).toBe(1009)
    expect(said(checkSize(0, 1, 0, Number.NaN))?.[0]).toBe(1009)
  })
})

function said(violation: ProtocolViolation | null): [number, string] | null {
  return violation === null ? null : [violation.closeCode, violation.message]
}
