import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../../../src/cli/check/wire/answer-reader.ts'
import { concat, hex, plainFrame } from '../../../../src/cli/check/wire/frame-bytes.ts'

describe('AnswerReader', () => {
  it('reads the same frames, however the bytes are cut', () => {
    const bytes = concat(
      ...[0, 125, 126, 65535, 65536].map((size) => plainFrame(0x82, new Uint8Array(size).fill(7))),
    )
    for (const size of [1, 3, 1000, bytes.length]) {
      const reader = new AnswerReader(false, Infinity)
      for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size))

      expect(reader.frames.map(({ payload }) => payload.length)).toEqual([
        0, 125, 126, 65535, 65536,
      ])
      expect([reader.problem, reader.isInsideFrame]).toEqual([null, false])
    }
  })

  it('keeps what has arrived and not what is announced, up to its budget', () => {
    const reader = new AnswerReader(false, 100)
    reader.read(hex('82 7f 00 00 ff ff ff ff ff ff'))
    expect(reader.problem).toBeNull()

    reader.read(new Uint8Array(91))

    expect(reader.problem).toBe('it sent more than the 100 bytes that an answer can have')
  })

  it('reads a frame that arrives in 200 000 pieces', () => {
    const reader = new AnswerReader(false, Infinity)
    const bytes = plainFrame(0x82, new Uint8Array(200_000))
    for (let at = 0; at < bytes.length; at++) reader.read(bytes.subarray(at, at + 1))

    expect(reader.frames[0]?.payload.length).toBe(200_000)
  })

  it('reads nothing after a problem', () => {
    const reader = new AnswerReader(false, Infinity)
    reader.read(hex('83 00 81 00'))

    expect(reader.frames).toEqual([])
    expect(reader.problem).toContain('opcode 3')
  })
})
