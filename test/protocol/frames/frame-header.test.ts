import { describe, expect, it } from 'vitest'
import {
  CONTROL_BIT,
  MAX_CLOSE_FRAME_BYTES,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_HEADER_BYTES,
  Opcode,
} from '../../../src/protocol/frames/frame-header.ts'

describe('Opcode', () => {
  it('Opcode has the numbers of RFC 6455 §5.2, control frames with the control bit', () => {
    expect(Object.entries(Opcode)).toEqual([
      ['CONTINUATION', 0],
      ['TEXT', 1],
      ['BINARY', 2],
      ['CLOSE', 8],
      ['PING', 9],
      ['PONG', 10],
    ])
    expect(Object.values(Opcode).filter((opcode) => (opcode & CONTROL_BIT) !== 0)).toEqual([
      8, 9, 10,
    ])
  })
})

describe('MAX_HEADER_BYTES', () => {
  it('MAX_HEADER_BYTES is 2, and 8 of length, and 4 of mask key', () => {
    expect(MAX_HEADER_BYTES).toBe(14)
    expect(MAX_CONTROL_PAYLOAD_BYTES).toBe(125)
    expect(MAX_CLOSE_FRAME_BYTES).toBe(131)
  })
})
