import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RingBuffer } from '../../src/channels/ring-buffer.ts'

describe('RingBuffer', () => {
  it('shift() gives the values in the order of push()', () => {
    const buffer = new RingBuffer<string>()
    buffer.push('a', 1)
    buffer.push('b', 2)

    expect(buffer.peekAt(0)).toBe('a')
    expect(buffer.peekAt(0)).toBe('a')
    expect(buffer.peekAt(1)).toBe('b')
    expect(buffer.shift()).toBe('a')
    buffer.push('c', 3)
    expect(buffer.shift()).toBe('b')
    expect(buffer.shift()).toBe('c')
  })

  it('replace() puts a value and its size in the place of another, wherever the buffer begins', () => {
    const buffer = new RingBuffer<string>()
    for (const [value, bytes] of [
      ['x', 1],
      ['a', 10],
      ['b', 200],
      ['c', 3000],
    ] as const) {
      buffer.push(value, bytes)
    }
    buffer.shift()
    buffer.push('d', 40_000)

    expect(buffer.replace(1, 'B', 500)).toBe('b')
    expect(buffer.bytes).toBe(43_510)
    expect([buffer.shift(), buffer.shift(), buffer.shift(), buffer.shift()]).toEqual([
      'a',
      'B',
      'c',
      'd',
    ])
  })

  it('size and bytes follow what is in the buffer', () => {
    const buffer = new RingBuffer<string>()
    expect([buffer.size, buffer.bytes]).toEqual([0, 0])

    buffer.push('a', 10)
    buffer.push('b', 5)
    expect([buffer.size, buffer.bytes]).toEqual([2, 15])

    buffer.shift()
    expect([buffer.size, buffer.bytes]).toEqual([1, 5])
  })

  it('bytes of an empty buffer are exactly 0, even with sizes that do not add up', () => {
    const buffer = new RingBuffer<string>()
    buffer.push('a', 0.1)
    buffer.push('b', 0.2)
    buffer.push('c', 0.3)
    for (let taken = 0; taken < 3; taken++) buffer.shift()

    expect(buffer.bytes).toBe(0)
  })

  it('undefined is a value', () => {
    const buffer = new RingBuffer<undefined>()
    buffer.push(undefined, 0)

    expect(buffer.size).toBe(1)
    expect(buffer.shift()).toBeUndefined()
    expect(buffer.size).toBe(0)
  })

  it('push() after a large buffer has been emptied begins anew', () => {
    const buffer = new RingBuffer<number>()
    for (let round = 0; round < 3; round++) {
      for (let value = 0; value < 1000; value++) buffer.push(value, 1)
      for (let value = 0; value < 1000; value++) expect(buffer.shift()).toBe(value)
      expect([buffer.size, buffer.bytes]).toEqual([0, 0])
    }
  })

  it('any pushes and shifts agree with an array', () => {
    // A number pushes so many values; null shifts one.
    const steps = fc.array(fc.option(fc.integer({ min: 1, max: 20 }), { nil: null }))
    fc.assert(
      fc.property(steps, (list) => {
        const buffer = new RingBuffer<number>()
        const model: number[] = []
        let next = 0
        for (const step of list) {
          const taken = step === null && model.length > 0 ? buffer.shift() : undefined
          expect(taken).toBe(step === null ? model.shift() : undefined)
          for (let count = 0; count < (step ?? 0); count++) {
            buffer.push(next, next)
            model.push(next++)
          }
          expect(buffer.size).toBe(model.length)
          expect(buffer.bytes).toBe(model.reduce((sum, value) => sum + value, 0))
        }
      }),
    )
  })
})

describe('RingBuffer.replace()', () => {
  it('puts a value in the place of another, and answers that', () => {
    const buffer = new RingBuffer<string>()
    for (const value of ['a', 'b', 'c', 'd']) buffer.push(value, 10)
    buffer.shift()
    buffer.push('e', 10)

    expect(buffer.replace(3, 'E', 25)).toBe('e')
    expect(buffer.replace(0, 'B', 0)).toBe('b')

    expect(buffer.bytes).toBe(45)
    expect([buffer.shift(), buffer.shift(), buffer.shift(), buffer.shift()]).toEqual([
      'B',
      'c',
      'd',
      'E',
    ])
    expect(buffer.bytes).toBe(0)
  })
})
