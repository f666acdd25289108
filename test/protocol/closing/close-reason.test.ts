import { describe, expect, it } from 'vitest'
import {
  CloseReason,
  encodeClosePayload,
  mayTravel,
  parseClosePayload,
  requireTravelling,
} from '../../../src/protocol/closing/close-reason.ts'
import { ProtocolViolationError } from '../../../src/protocol/errors.ts'
import { hex, toHex } from '../../support/bytes.ts'
import { utf8 } from '../wire.ts'

const WIRE_CODES = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
]
const OTHER_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]

describe('CloseReason', () => {
  it('S-51 CloseReason equals another with the same code and message', () => {
    const reason = new CloseReason(4001, 'gone fishing')

    expect(reason.equals(new CloseReason(4001, 'gone fishing'))).toBe(true)
    expect(reason.equals(new CloseReason(4002, 'gone fishing'))).toBe(false)
    expect(reason.equals(new CloseReason(4001))).toBe(false)
    expect(reason.equals({ code: 4001, message: 'gone fishing' })).toBe(false)
    expect(reason.equals(null)).toBe(false)
    expect(reason).toEqual(new CloseReason(4001, 'gone fishing'))
    expect(reason).not.toEqual(new CloseReason(4001, 'gone hunting'))
  })

  it('S-51 CloseReason.knownReason is the name of a registered code, and null otherwise', () => {
    expect(new CloseReason(1000).knownReason).toBe('NORMAL')
    expect(new CloseReason(1013).knownReason).toBe('TRY_AGAIN_LATER')
    expect(new CloseReason(1005).knownReason).toBe('NO_STATUS')
    expect(new CloseReason(4000).knownReason).toBeNull()
    expect(new CloseReason(1004).knownReason).toBeNull()
  })

  it('S-51 CloseReason has an empty message by default', () => {
    expect(new CloseReason(1000).message).toBe('')
  })

  it('CloseReason.Codes holds the registered codes and is frozen', () => {
    expect(CloseReason.Codes).toEqual({
      NORMAL: 1000,
      GOING_AWAY: 1001,
      PROTOCOL_ERROR: 1002,
      CANNOT_ACCEPT: 1003,
      NO_STATUS: 1005,
      CLOSED_ABNORMALLY: 1006,
      NOT_CONSISTENT: 1007,
      VIOLATED_POLICY: 1008,
      TOO_BIG: 1009,
      NO_EXTENSION: 1010,
      INTERNAL_ERROR: 1011,
      SERVICE_RESTART: 1012,
      TRY_AGAIN_LATER: 1013,
    })
    expect(Object.isFrozen(CloseReason.Codes)).toBe(true)
  })

  it('CloseReason refuses a code that is no whole number from 0 to 65535', () => {
    for (const code of [-1, 65536, 1000.5, Number.NaN, Infinity]) {
      expect(() => new CloseReason(code)).toThrow(RangeError)
    }
    // @ts-expect-error a code is a number
    expect(() => new CloseReason('1000')).toThrow(RangeError)
    expect(new CloseReason(0).code).toBe(0)
    expect(new CloseReason(65535).code).toBe(65535)
  })

  it('CloseReason refuses a message over 123 bytes of UTF-8', () => {
    expect(new CloseReason(1000, 'a'.repeat(123)).message).toHaveLength(123)
    expect(new CloseReason(1000, 'é'.repeat(61)).message).toHaveLength(61)
    expect(() => new CloseReason(1000, 'a'.repeat(124))).toThrow(RangeError)
    expect(() => new CloseReason(1000, 'é'.repeat(62))).toThrow(
      'Cannot use close message of 124 bytes: a Close frame carries at most 123',
    )
    expect(() => new CloseReason(1000, '\ud800'.repeat(42))).toThrow(RangeError)
  })

  it('CloseReason refuses a message that is no string', () => {
    // @ts-expect-error a message is a string
    expect(() => new CloseReason(1000, new Uint8Array(3))).toThrow(TypeError)
  })

  it('CloseReason.toString() shows code, name and message', () => {
    expect(String(new CloseReason(1000, 'Client said "BYE"'))).toBe(
      'CloseReason(1000 NORMAL, "Client said \\"BYE\\"")',
    )
    expect(String(new CloseReason(4001))).toBe('CloseReason(4001)')
  })
})

describe('mayTravel()', () => {
  it('mayTravel() tells the codes that a Close frame may carry', () => {
    for (const code of WIRE_CODES) expect([code, mayTravel(code)]).toEqual([code, true])
    for (const code of OTHER_CODES) expect([code, mayTravel(code)]).toEqual([code, false])
  })

  it('requireTravelling() throws RangeError for a code that never travels', () => {
    expect(() => requireTravelling(new CloseReason(1006))).toThrow(RangeError)
    expect(() => requireTravelling(new CloseReason(1000))).not.toThrow()
  })
})

describe('parseClosePayload()', () => {
  it('parseClosePayload() answers null for an empty payload', () => {
    expect(parseClosePayload(hex(''))).toBeNull()
  })

  it('parseClosePayload() rejects a payload of one byte with 1002', () => {
    expect(violation(hex('03'))).toEqual(['ProtocolViolationError', 1002])
    expect(() => parseClosePayload(hex('03'))).toThrow(
      'Cannot read Close payload of 1 byte: a code takes 2',
    )
  })

  it('parseClosePayload() reads every code that may travel', () => {
    for (const code of WIRE_CODES) {
      expect(parseClosePayload(Uint8Array.of(code >> 8, code & 255))?.code).toBe(code)
    }
  })

  it('parseClosePayload() rejects every code that may not travel with 1002', () => {
    for (const code of OTHER_CODES) {
      expect(violation(Uint8Array.of(code >> 8, code & 255))).toEqual([
        'ProtocolViolationError',
        1002,
      ])
    }
  })

  it('parseClosePayload() reads the message from a view into a larger buffer', () => {
    const bytes = hex('ff ff 03 e8 47 72 c3 bc c3 9f 65 ff').subarray(2, 11)

    expect(parseClosePayload(bytes)).toEqual(new CloseReason(1000, 'Grüße'))
  })

  it('parseClosePayload() keeps a leading U+FEFF', () => {
    expect(parseClosePayload(hex('03 e8 ef bb bf 61'))?.message).toBe('\ufeffa')
  })

  it('parseClosePayload() rejects a message that is not UTF-8 with 1007', () => {
    expect(violation(hex('03 e8 c3'))).toEqual(['ProtocolViolationError', 1007])
    expect(violation(hex('03 e8 ed a0 80'))).toEqual(['ProtocolViolationError', 1007])
  })
})

describe('encodeClosePayload()', () => {
  it('encodeClosePayload() writes a big-endian code and the message', () => {
    expect(toHex(encodeClosePayload(new CloseReason(1000, 'Grüße')))).toBe(
      '03 e8 47 72 c3 bc c3 9f 65',
    )
    expect(toHex(encodeClosePayload(new CloseReason(4999)))).toBe('13 87')
    expect(encodeClosePayload(null)).toHaveLength(0)
  })

  it('encodeClosePayload() makes a lone surrogate U+FFFD', () => {
    expect(encodeClosePayload(new CloseReason(1000, '\udc00')).subarray(2)).toEqual(utf8('\ufffd'))
  })

  it('encodeClosePayload() throws RangeError for a code that never travels', () => {
    for (const code of OTHER_CODES) {
      expect(() => encodeClosePayload(new CloseReason(code))).toThrow(RangeError)
    }
  })
})

function violation(payload: Uint8Array): [string, number] {
  try {
    parseClosePayload(payload)
  } catch (error) {
    if (error instanceof ProtocolViolationError) return [error.name, error.closeCode]
    throw error
  }
  throw new Error('Expected a violation')
}
