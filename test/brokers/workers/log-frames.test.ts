import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeFrame,
  FrameReader,
  MalformedFrameError,
} from '../../../src/brokers/workers/log-frames.ts'
import { hex } from '../../support/bytes.ts'

describe('FrameReader', () => {
  it('reads what encodeFrame() wrote, however the bytes are cut', () => {
    const frame = fc.record({
      header: fc.dictionary(fc.string(), fc.jsonValue()),
      body: fc.uint8Array({ maxLength: 50 }),
    })
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        fc.integer({ min: 1, max: 30 }),
        (all, size) => {
          const bytes = Buffer.concat(all.map(({ header, body }) => encodeFrame(header, body)))
          const reader = new FrameReader()
          const read = []
          for (let at = 0; at < bytes.length; at += size) {
            read.push(...reader.push(bytes.subarray(at, at + size)))
          }

          const expected = all.map(({ header, body }) => ({
            header: JSON.parse(JSON.stringify(header)) as unknown,
            body,
          }))
          expect(read).toEqual(expected)
        },
      ),
    )
  })

  it.each([
    ['a length above the limit', 'ffffffff'],
    ['a length without a header', '00000003'],
    ['a header that is longer than the frame', '00000006 00000003 7b7d'],
    ['a header that is not JSON', '00000005 00000001 7b'],
    ['a header that is no object', '00000005 00000001 37'],
  ])('throws for %s', (_problem, bytes) => {
    expect(() => new FrameReader().push(Buffer.from(hex(bytes)))).toThrow(MalformedFrameError)
  })
})
