import { describe, expect, it } from 'vitest'
import { FrameWatcher, type SeenFrame } from '../../../src/cli/wire/frame-watcher.ts'
import { concat, wire } from '../../protocol/wire.ts'
import { hex } from '../../support/bytes.ts'

function watch(chunks: readonly Uint8Array[]): SeenFrame[] {
  const frames: SeenFrame[] = []
  const watcher = new FrameWatcher((frame) => frames.push(frame))
  for (const chunk of chunks) watcher.watch(chunk)
  return frames
}

describe.each(['server', 'client'] as const)('FrameWatcher, frames for a %s', (role) => {
  const bytes = concat(
    wire(role, { first: 0x81, payload: hex('48 69') }),
    wire(role, { first: 0xc2, payload: new Uint8Array(300) }),
    wire(role, { first: 0x01, payload: new Uint8Array(70_000) }),
    wire(role, { first: 0x89, payload: hex('01 02 03 04 05') }),
    wire(role, { first: 0x80 }),
    wire(role, { first: 0x88, payload: hex('03 e8') }),
  )
  const empty = new Uint8Array(0)
  const expected: SeenFrame[] = [
    { opcode: 1, fin: true, reserved: 0, byteLength: 2, payload: empty },
    { opcode: 2, fin: true, reserved: 4, byteLength: 300, payload: empty },
    { opcode: 1, fin: false, reserved: 0, byteLength: 70_000, payload: empty },
    { opcode: 9, fin: true, reserved: 0, byteLength: 5, payload: hex('01 02 03 04 05') },
    { opcode: 0, fin: true, reserved: 0, byteLength: 0, payload: empty },
    { opcode: 8, fin: true, reserved: 0, byteLength: 2, payload: hex('03 e8') },
  ]

  it('reports each frame, and the unmasked payload of control frames', () => {
    expect(watch([bytes])).toEqual(expected)
  })

  it.each([1, 3, 1000])('reports the same in chunks of %i bytes', (size) => {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )

    expect(watch(chunks)).toEqual(expected)
  })

  it('reads nothing behind a control frame that is too long', () => {
    const tooLong = wire(role, { first: 0x89, payload: new Uint8Array(126) })

    expect(watch([tooLong, wire(role, { first: 0x89 })])).toEqual([])
  })
})
