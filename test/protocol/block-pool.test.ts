import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyPool, pooledBytes, recycle, takeBlock } from '../../src/protocol/block-pool.ts'

const MIB = 1024 * 1024

/** The whole of a new block, as a payload. */
function payload(byteLength: number): Uint8Array {
  return takeBlock(byteLength).slice(0, byteLength)
}

describe('takeBlock(), recycle()', () => {
  beforeEach(() => emptyPool())
  afterEach(() => emptyPool())

  it('takeBlock() gives memory that was recycled, the last first, and each piece once', () => {
    const first = payload(65_536)
    const second = payload(65_536)
    recycle(first)
    recycle(second)
    expect(pooledBytes()).toBe(2 * 65_536)

    expect(takeBlock(65_536).bytes.buffer).toBe(second.buffer)
    expect(takeBlock(65_536).bytes.buffer).toBe(first.buffer)
    expect(pooledBytes()).toBe(0)
    const third = takeBlock(65_536).bytes.buffer
    expect(third !== first.buffer && third !== second.buffer).toBe(true)
  })

  it('takeBlock() takes recycled memory that is at most an eighth too large', () => {
    const memory = payload(72_000)
    recycle(memory)

    expect(takeBlock(72_001).bytes.buffer).not.toBe(memory.buffer)
    expect(takeBlock(63_999).bytes.buffer).not.toBe(memory.buffer)
    expect(takeBlock(65_000, 71_999).bytes.buffer).not.toBe(memory.buffer)
    expect(takeBlock(64_000).bytes.buffer).toBe(memory.buffer)
  })

  it('recycle() leaves alone what may be shared, what is small, and what is large', () => {
    const memory = new Uint8Array(40_000)
    recycle(payload(8192))
    recycle(memory.subarray(0, 20_000))
    recycle(memory.subarray(4, 40_000))
    recycle(new Uint8Array(new SharedArrayBuffer(40_000)))
    recycle(payload(MIB + 4))

    expect(pooledBytes()).toBe(0)
  })

  it('recycle() drops the oldest memory past 4 MiB, and past 64 blocks', () => {
    const old = payload(12_000)
    recycle(old)
    for (let count = 0; count < 64; count++) recycle(new Uint8Array(40_000))
    expect(pooledBytes()).toBe(64 * 40_000)
    expect(takeBlock(12_000).bytes.buffer).not.toBe(old.buffer)

    for (let count = 0; count < 5; count++) recycle(new Uint8Array(MIB))
    expect(pooledBytes()).toBe(4 * MIB)
  })

  it('emptyPool() drops all of it', () => {
    recycle(payload(65_536))
    emptyPool()

    expect(pooledBytes()).toBe(0)
  })
})
