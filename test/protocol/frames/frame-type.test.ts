import { describe, expect, it } from 'vitest'
import { FrameType } from '../../../src/protocol/frames/frame-type.ts'

describe('FrameType', () => {
  it('S-39 FrameType has the opcodes of RFC 6455 §11.8', () => {
    expect([
      FrameType.TEXT,
      FrameType.BINARY,
      FrameType.CLOSE,
      FrameType.PING,
      FrameType.PONG,
    ]).toEqual([1, 2, 8, 9, 10])
    expect(FrameType.opcode(FrameType.PONG)).toBe(10)
  })

  it('S-44 FrameType.controlFrame() tells the three control types from the two of messages', () => {
    expect(FrameType.controlFrame(FrameType.TEXT)).toBe(false)
    expect(FrameType.controlFrame(FrameType.BINARY)).toBe(false)
    expect(FrameType.controlFrame(FrameType.CLOSE)).toBe(true)
    expect(FrameType.controlFrame(FrameType.PING)).toBe(true)
    expect(FrameType.controlFrame(FrameType.PONG)).toBe(true)
  })

  it('FrameType.byOpcode() answers null for continuations and reserved opcodes', () => {
    expect(Array.from({ length: 17 }, (_, opcode) => FrameType.byOpcode(opcode))).toEqual([
      null,
      1,
      2,
      null,
      null,
      null,
      null,
      null,
      8,
      9,
      10,
      null,
      null,
      null,
      null,
      null,
      null,
    ])
  })

  it('FrameType.nameOf() names each type', () => {
    expect(([1, 2, 8, 9, 10] as const).map((type) => FrameType.nameOf(type))).toEqual([
      'TEXT',
      'BINARY',
      'CLOSE',
      'PING',
      'PONG',
    ])
  })
})
