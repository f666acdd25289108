/**
 * The decoder against the reference, on streams of any kind and in any cutting: the same events,
 * the same codes, no more memory than the bytes that arrived explain, and never an exception.
 */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recorded, ROLES } from '../protocol/wire.ts'
import { readStream, type ReferenceOptions } from '../support/reference-decoder.ts'
import { effort, TIME } from './effort.ts'
import { cutAs, cuttings, damaged, seeds, streams } from './streams.ts'

const limits = fc.record({
  maxFrameSize: fc.constantFrom(Infinity, 64),
  maxMessageSize: fc.constantFrom(2 ** 20, 100, 1),
  maxFragments: fc.constantFrom(65_552, 2),
})

/** What a frame that has arrived in part may cost beyond what is there of it. */
const SPARE_BYTES = 1024

describe('FrameDecoder, fuzzed', () => {
  for (const role of ROLES) {
    it(
      `FrameDecoder as ${role} tells what the reference tells of any stream, however it is cut`,
      TIME,
      () => {
        fc.assert(
          fc.property(damaged(streams(role)), cuttings, limits, (bytes, sizes, options) => {
            expectSame(bytes, sizes, { role, ...options })
          }),
          effort(2000),
        )
      },
    )
  }

  it('FrameDecoder tells what the reference tells of damaged seeds', TIME, () => {
    const stream = fc.constantFrom(...seeds('frames.hex'))

    fc.assert(
      fc.property(damaged(stream, 3), cuttings, limits, (bytes, sizes, options) => {
        expectSame(bytes, sizes, { role: 'server', ...options })
      }),
      effort(3000),
    )
  })

  it('FrameDecoder tells what the reference tells of the seeds as they are', () => {
    const options = {
      role: 'server',
      maxFrameSize: Infinity,
      maxMessageSize: 2 ** 20,
      maxFragments: 9,
    } as const
    for (const bytes of seeds('frames.hex')) {
      expectSame(bytes, [Infinity], options)
      expectSame(bytes, [1], options)
    }
  })
})

function expectSame(bytes: Uint8Array, sizes: readonly number[], options: ReferenceOptions): void {
  const { decoder, recorder } = recorded(options.role, options)

  let arrived = 0
  for (const piece of cutAs(bytes, sizes)) {
    decoder.receive(piece)
    arrived += piece.length
    expect(decoder.keptBytes).toBeLessThanOrEqual(2 * arrived + SPARE_BYTES)
  }

  const told = recorder.events.map((event) => event.replace(/^(violation \d+) .*/, '$1'))
  expect(told).toEqual(readStream(bytes, options).events)
}
