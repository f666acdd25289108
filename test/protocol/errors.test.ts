import { describe, expect, it } from 'vitest'
import { TowpathError } from '../../src/base/index.ts'
import {
  FrameTooBigError,
  HandshakeError,
  LocalProtocolError,
  ProtocolViolation,
  ProtocolViolationError,
  TooManyFragmentsError,
} from '../../src/protocol/errors.ts'

describe('ProtocolViolation', () => {
  it('ProtocolViolation is what a peer did wrong, with the code to fail the connection with', () => {
    const violations = [
      new ProtocolViolationError(1002, 'Cannot'),
      new ProtocolViolationError(1007, 'Cannot'),
      new FrameTooBigError('frame', 11, 10),
      new TooManyFragmentsError(3, 2),
    ]

    expect(violations.map((error) => [error.name, error.code, error.closeCode])).toEqual([
      ['ProtocolViolationError', 'TOWPATH_PROTOCOL_VIOLATION', 1002],
      ['ProtocolViolationError', 'TOWPATH_PROTOCOL_VIOLATION', 1007],
      ['FrameTooBigError', 'TOWPATH_FRAME_TOO_BIG', 1009],
      ['TooManyFragmentsError', 'TOWPATH_TOO_MANY_FRAGMENTS', 1008],
    ])
    for (const error of violations) {
      expect(error).toBeInstanceOf(ProtocolViolation)
      expect(error).toBeInstanceOf(TowpathError)
    }
  })

  it('FrameTooBigError has the size and the limit in bytes', () => {
    const error = new FrameTooBigError('message', 1025, 1024)

    expect([error.size, error.limit]).toEqual([1025, 1024])
    expect(error.message).toBe(
      'Cannot accept message of 1025 bytes: at most 1024 bytes are allowed',
    )
  })

  it('TooManyFragmentsError has the fragments and the limit', () => {
    const error = new TooManyFragmentsError(17, 16)

    expect([error.fragments, error.limit]).toEqual([17, 16])
    expect(error.message).toBe('Cannot accept fragment 17 of one message: at most 16 are allowed')
  })
})

describe('LocalProtocolError', () => {
  it('LocalProtocolError is no violation by the peer', () => {
    const error = new LocalProtocolError('Cannot')

    expect(error.code).toBe('TOWPATH_LOCAL_PROTOCOL')
    expect(error.name).toBe('LocalProtocolError')
    expect(error).not.toBeInstanceOf(ProtocolViolation)
  })
})

describe('HandshakeError', () => {
  it('HandshakeError has the status and the headers', () => {
    const error = new HandshakeError(426, 'Cannot upgrade', [['Sec-WebSocket-Version', '13']])

    expect([error.name, error.code, error.status]).toEqual([
      'HandshakeError',
      'TOWPATH_HANDSHAKE',
      426,
    ])
    expect(error.headers).toEqual([['Sec-WebSocket-Version', '13']])
    expect(new HandshakeError(400, 'Cannot').headers).toEqual([])
  })
})
