import { describe, expect, it } from 'vitest'

import { OutputSlab, SLAB_BYTES, type SlabOwner } from '../../src/session/output-slab.ts'
import { toHex } from '../support/bytes.ts'

/** An owner that keeps what it has to take out. */
class Keeper implements SlabOwner {
  readonly evicted: Uint8Array[] = []

  evict(bytes: Uint8Array): void {
    this.evicted.push(bytes)
  }
}

/** Writes `bytes` for `owner`. */
function put(slab: OutputSlab, owner: SlabOwner, ...bytes: number[]): void {
  expect(slab.reserve(owner, bytes.length)).toBe(true)
  slab.bytes.set(bytes, slab.end)
  slab.end += bytes.length
}

describe('OutputSlab', () => {
  it('holds no memory before it is needed', () => {
    const slab = new OutputSlab()
    expect(slab.bytes.length).toBe(0)

    put(slab, new Keeper(), 1)

    expect(slab.bytes.length).toBe(131_072)
  })

  it('contents() is what its owner has put in since it came', () => {
    const slab = new OutputSlab()
    const owner = new Keeper()
    put(slab, owner, 1, 2)
    put(slab, owner, 3)

    expect(toHex(slab.contents())).toBe('01 02 03')
    expect(slab.bytesOf(owner)).toBe(3)
    expect(slab.bytesOf(new Keeper())).toBe(0)
  })

  it('release() gives the same bytes to the next owner when they were taken', () => {
    const slab = new OutputSlab()
    put(slab, new Keeper(), 1, 2)
    const written = slab.contents()

    slab.release('taken')
    put(slab, new Keeper(), 7)

    expect(toHex(written)).toBe('07 02')
  })

  it('release() leaves bytes alone that the transport keeps', () => {
    const slab = new OutputSlab()
    const owner = new Keeper()
    put(slab, owner, 1, 2)
    const queued = slab.contents()

    slab.release('queued')
    put(slab, owner, 3)
    put(slab, owner, 4)

    expect(toHex(queued)).toBe('01 02')
    expect(toHex(slab.contents())).toBe('03 04')
  })

  it('reserve() takes new memory when what is left is too small', () => {
    const slab = new OutputSlab()
    const owner = new Keeper()
    put(slab, owner, 1)
    const first = slab.bytes
    slab.release('queued')

    expect(slab.reserve(owner, SLAB_BYTES)).toBe(true)

    expect(slab.bytes).not.toBe(first)
    expect(slab.end).toBe(0)
    expect(first[0]).toBe(1)
  })

  it('reserve() says false while the own bytes of the owner are in the way', () => {
    const slab = new OutputSlab()
    const owner = new Keeper()
    put(slab, owner, 1)

    expect(slab.reserve(owner, SLAB_BYTES)).toBe(false)
    slab.release('taken')
    expect(slab.reserve(owner, SLAB_BYTES)).toBe(true)
  })

  it('reserve() makes another owner keep a copy of its bytes', () => {
    const slab = new OutputSlab()
    const first = new Keeper()
    const second = new Keeper()
    put(slab, first, 1, 2)

    put(slab, second, 9, 9)

    expect(first.evicted.map(toHex)).toEqual(['01 02'])
    expect(slab.bytesOf(first)).toBe(0)
    expect(toHex(slab.contents())).toBe('09 09')
  })

  it('vacate() leaves an owner in peace that has put in nothing', () => {
    const slab = new OutputSlab()
    const owner = new Keeper()
    slab.reserve(owner, 10)

    slab.vacate()
    slab.vacate()

    expect(owner.evicted).toEqual([])
  })

  it('drop() forgets the bytes of an owner, and of nobody else', () => {
    const slab = new OutputSlab()
    const owner = new Keeper()
    put(slab, owner, 1, 2)

    slab.drop(new Keeper())
    expect(slab.bytesOf(owner)).toBe(2)
    slab.drop(owner)

    expect(slab.bytesOf(owner)).toBe(0)
    slab.vacate()
    expect(owner.evicted).toEqual([])
  })
})
