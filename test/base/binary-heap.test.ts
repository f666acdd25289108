import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BinaryHeap } from '../../src/base/binary-heap.ts'

const ascending = (a: number, b: number): boolean => a < b

describe('BinaryHeap', () => {
  it('pop() gives the elements in order, whatever the order of push()', () => {
    const heap = new BinaryHeap(ascending)
    for (const item of [5, 3, 8, 1, 9, 2, 3]) heap.push(item)

    expect(heap.size).toBe(7)
    expect(drain(heap)).toEqual([1, 2, 3, 3, 5, 8, 9])
    expect(heap.size).toBe(0)
  })

  it('peek() shows the first element and leaves it', () => {
    const heap = new BinaryHeap(ascending)
    heap.push(2)
    heap.push(1)

    expect(heap.peek()).toBe(1)
    expect(heap.size).toBe(2)
  })

  it('peek() and pop() of an empty heap are undefined', () => {
    const heap = new BinaryHeap(ascending)

    expect(heap.peek()).toBeUndefined()
    expect(heap.pop()).toBeUndefined()
  })

  it('retain() keeps the chosen elements, in order', () => {
    const heap = new BinaryHeap(ascending)
    for (const item of [6, 5, 4, 3, 2, 1]) heap.push(item)

    heap.retain((item) => item % 2 === 0)

    expect(drain(heap)).toEqual([2, 4, 6])
  })

  it('pop() agrees with sorting for any elements, also after retain()', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 4 }), (items, divisor) => {
        const heap = new BinaryHeap(ascending)
        for (const item of items) heap.push(item)
        heap.retain((item) => item % divisor === 0)

        const kept = items.filter((item) => item % divisor === 0)
        expect(drain(heap)).toEqual(kept.sort((a, b) => a - b))
      }),
    )
  })
})

function drain(heap: BinaryHeap<number>): number[] {
  const items: number[] = []
  for (let item = heap.pop(); item !== undefined; item = heap.pop()) items.push(item)
  return items
}
