import { describe, expect, it } from 'vitest'
import {
  frameBytes,
  FrameKind,
  FrameSplitter,
  headerBlock,
  type Http2Frame,
} from '../../../../src/cli/check/http2/http2-frames.ts'

const DATA: Http2Frame = {
  kind: FrameKind.DATA,
  flags: 1,
  stream: 3,
  payload: new Uint8Array([1, 2, 3]),
}

function splitAll(pieces: readonly Uint8Array[]): Http2Frame[] {
  const frames: Http2Frame[] = []
  const splitter = new FrameSplitter((frame) => frames.push(frame))
  for (const piece of pieces) splitter.push(piece)
  return frames.map((frame) => ({ ...frame, payload: new Uint8Array(frame.payload) }))
}

describe('frames of HTTP/2', () => {
  it('frameBytes() writes length, kind, flags and stream in front of the payload', () => {
    expect([...frameBytes(DATA)]).toEqual([0, 0, 3, 0, 1, 0, 0, 0, 3, 1, 2, 3])
  })

  it('FrameSplitter finds frames in bytes that are cut anywhere', () => {
    const bytes = Buffer.concat([frameBytes(DATA), frameBytes({ ...DATA, stream: 5 })])
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte))

    expect(splitAll(single)).toEqual([DATA, { ...DATA, stream: 5 }])
    expect(splitAll([bytes])).toEqual([DATA, { ...DATA, stream: 5 }])
  })

  it('FrameSplitter keeps nothing of a frame that is larger than allowed, nor what follows', () => {
    const large = Uint8Array.of(0x01, 0, 0, 0, 0, 0, 0, 0, 1)

    expect(splitAll([large, new Uint8Array(70_000), frameBytes(DATA)])).toEqual([])
  })

  it('headerBlock() writes literals, with the length of a long value in several bytes', () => {
    expect([...headerBlock([['a', 'bc']])]).toEqual([0, 1, 97, 2, 98, 99])
    // RFC 7541 §5.1: 127 fills the first byte; the rest follows, seven bits at a time.
    expect([...headerBlock([['a', 'b'.repeat(127)]]).subarray(0, 6)]).toEqual([
      0, 1, 97, 127, 0, 98,
    ])
    const [, , , ...long] = headerBlock([['a', 'b'.repeat(1464)]])
    expect(long.slice(0, 4)).toEqual([127, 0b1011_1001, 10, 98])
  })
})
