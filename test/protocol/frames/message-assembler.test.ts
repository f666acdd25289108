import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageAssembler } from '../../../src/protocol/frames/message-assembler.ts'
import { hex } from '../../support/bytes.ts'
import { concat } from '../wire.ts'

describe('MessageAssembler', () => {
  it('MessageAssembler.take() gives the fragments as one message, and begins again', () => {
    const assembler = new MessageAssembler()
    expect(assembler.isEmpty).toBe(true)

    assembler.add(hex('01 02'))
    assembler.add(hex('03'))
    expect(assembler.isEmpty).toBe(false)
    expect(assembler.size).toBe(3)
    expect(assembler.take()).toEqual(hex('01 02 03'))

    expect(assembler.isEmpty).toBe(true)
    expect(assembler.size).toBe(0)
    assembler.add(hex('04'))
    expect(assembler.take()).toEqual(hex('04'))
  })

  it('MessageAssembler counts an empty fragment as one', () => {
    const assembler = new MessageAssembler()

    assembler.add(hex(''))

    expect(assembler.isEmpty).toBe(false)
    expect(assembler.take()).toHaveLength(0)
  })

  it('MessageAssembler does not change fragments, nor a message that it has given', () => {
    const assembler = new MessageAssembler()
    const pool = hex('01 02 03 04')
    assembler.add(pool.subarray(0, 1))
    assembler.add(hex('09'))
    const first = assembler.take()
    assembler.add(hex('aa'))
    assembler.add(hex('bb'))

    expect(first).toEqual(hex('01 09'))
    expect(pool).toEqual(hex('01 02 03 04'))
  })

  it('MessageAssembler keeps no more alive than it counts', () => {
    const assembler = new MessageAssembler()
    const piece = new Uint8Array(4088)
    piece[7] = 9
    const first = new WeakRef(piece.buffer)
    assembler.add(piece.subarray(7, 8))

    expect(assembler.keptBytes).toBeLessThan(200)
    expect(assembler.take().buffer).not.toBe(first.deref())

    assembler.add(new Uint8Array(1000))
    assembler.add(new Uint8Array(10))
    expect(assembler.keptBytes).toBe(1010 + 505 + 64)
    expect(assembler.take().buffer.byteLength).toBe(1579)
    expect(assembler.keptBytes).toBe(0)
  })

  it('MessageAssembler.discard() forgets what was gathered', () => {
    const assembler = new MessageAssembler()
    assembler.add(hex('01'))
    assembler.discard()

    expect(assembler.isEmpty).toBe(true)
    assembler.add(hex('02'))
    expect(assembler.take()).toEqual(hex('02'))
  })

  it('MessageAssembler joins any fragments', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (fragments) => {
        const assembler = new MessageAssembler()
        for (const fragment of fragments) assembler.add(fragment)

        expect(assembler.take()).toEqual(concat(...fragments))
      }),
    )
  })

  it('MessageAssembler wastes at most half as much again, however many fragments there are', () => {
    const assembler = new MessageAssembler()
    const fragment = hex('61')
    for (let count = 0; count < 100_000; count++) assembler.add(fragment)

    const message = assembler.take()

    expect(message).toHaveLength(100_000)
    expect(message.buffer.byteLength).toBeLessThanOrEqual(150_100)
  })
})
