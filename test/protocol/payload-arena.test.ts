import { describe, expect, it } from 'vitest'
import {
  MIDDLE_ARENA_BYTES,
  PayloadArena,
  SMALL_ARENA_BYTES,
  SMALL_PAYLOAD_BYTES,
} from '../../src/protocol/payload-arena.ts'
import { hex } from '../support/bytes.ts'

describe('PayloadArena', () => {
  it('PayloadArena.put() unmasks into places that do not overlap, at multiples of 4', () => {
    const arena = new PayloadArena(SMALL_ARENA_BYTES)
    const views: Uint8Array[] = []
    const expected: Uint8Array[] = []
    for (let size = 1; size <= SMALL_PAYLOAD_BYTES; size += 3) {
      const payload = new Uint8Array(size).fill(size)
      arena.put(payload, 0, size, 0)
      expect(arena.start % 4).toBe(0)
      views.push(arena.block.slice(arena.start, size))
      expected.push(payload)
    }

    expect(views).toEqual(expected)
  })

  it('PayloadArena.put() shares memory until it is full', () => {
    const arena = new PayloadArena(SMALL_ARENA_BYTES)
    const blocks = new Set<object>()
    for (let count = 0; count < 100; count++) {
      arena.put(new Uint8Array(32), 0, 32, 0)
      blocks.add(arena.block)
    }

    expect(blocks.size).toBe(1)
    for (let count = 0; count < 100; count++) {
      arena.put(new Uint8Array(32), 0, 32, 0)
      blocks.add(arena.block)
    }
    expect(blocks.size).toBe(2)
  })

  it('PayloadArena.put() unmasks and says whether all is ASCII', () => {
    const arena = new PayloadArena(SMALL_ARENA_BYTES)

    expect(arena.put(hex('7f 9f 4d 51 58'), 0, 5, 0x37fa213d)).toBe(true)
    expect(arena.block.slice(arena.start, 5)).toEqual(hex('48 65 6c 6c 6f'))
    expect(arena.put(hex('00 80'), 1, 1, 0)).toBe(false)
  })

  for (const [name, bytes] of [
    ['small', SMALL_ARENA_BYTES],
    ['middle', MIDDLE_ARENA_BYTES],
  ] as const) {
    it(`PayloadArena.put() gives places of ${name} size that nobody can take away from the others`, async () => {
      const arena = new PayloadArena(bytes)
      arena.put(hex('01 02 03'), 0, 3, 0)
      const mine = arena.block.slice(arena.start, 3)
      arena.put(hex('04 05 06'), 0, 3, 0)
      const others = arena.block.slice(arena.start, 3)

      // Node 20 copies what must not be transferred, later ones refuse: both leave it where it is.
      await Promise.resolve()
        .then(() => structuredClone(mine, { transfer: [mine.buffer as ArrayBuffer] }))
        .catch(() => {})

      expect(mine).toEqual(hex('01 02 03'))
      expect(others).toEqual(hex('04 05 06'))
    })
  }
})
