import { describe, expect, it } from 'vitest'
import { MessageFrame } from '../../src/extensions/message-frame.ts'
import { compressPrepared, preparedOf } from '../../src/extensions/prepared-messages.ts'
import { chooseEngine } from '../../src/extensions/self-test.ts'
import { Frame, type PreparedFrame } from '../../src/protocol/index.ts'

const OPTIONS = { windowBits: 15, level: 6, memoryLevel: 8 }

function carrying(prepared: PreparedFrame | null): MessageFrame {
  return new MessageFrame('text', true, true, 'x', 0, prepared)
}

describe('compressPrepared()', () => {
  const engine = chooseEngine('auto')

  it('compresses once for each set of parameters', () => {
    const prepared = Frame.prepare('Hello, Hello, Hello')
    const first = compressPrepared(prepared, engine, OPTIONS)

    expect(first).not.toBeNull()
    expect(compressPrepared(prepared, engine, { ...OPTIONS })).toBe(first)
    expect(compressPrepared(prepared, engine, { ...OPTIONS, windowBits: 9 })).not.toBe(first)
    expect(compressPrepared(prepared, engine, { ...OPTIONS, level: 1 })).not.toBe(first)
    expect(compressPrepared(prepared, engine, { ...OPTIONS, memoryLevel: 1 })).not.toBe(first)
  })

  it('returns null where compression gains nothing', () => {
    expect(compressPrepared(Frame.prepare('q'), engine, OPTIONS)).toBeNull()
    expect(compressPrepared(Frame.prepare(''), engine, OPTIONS)).toBeNull()
  })
})

describe('preparedOf()', () => {
  it('returns the prepared message, unless an extension has changed it', () => {
    const prepared = Frame.prepare('x')
    const frame = carrying(prepared)
    expect(preparedOf(frame)).toBe(prepared)
    expect(preparedOf(carrying(null))).toBeNull()

    frame.payload = Uint8Array.of(1)
    expect(preparedOf(frame)).toBeNull()
  })
})
