/**
 * Blocks of memory for large payloads, used again once they are free.
 *
 * Fresh memory for 64 KiB costs 9 µs to touch, and its garbage makes V8 collect; a block from the
 * pool costs 1.5 µs (measured on Node 20). A block is free when its frame is disposed and the
 * application has never had the bytes: see `recycle`.
 *
 * A block serves a payload if it is at most an eighth larger. The pool is one for each thread;
 * it holds 64 blocks and 4 MiB at most. The memory budget counts it, and empties it first.
 */

import { allocateOwnBlock, Block, sharesMemory } from './memory.ts'

/** Payloads of this size and below share memory (`payload-arena.ts`), and are never recycled. */
const MAX_SHARED_BYTES = 8192

/** Larger blocks are left to the garbage collector. */
const MAX_BLOCK_BYTES = 1024 * 1024

/** The maximum number of blocks in the pool: each of them is looked at for a new payload. */
const MAX_BLOCKS = 64

/** The maximum size of the pool, in bytes. */
const MAX_POOL_BYTES = 4 * 1024 * 1024

/** The free memory; what became free last is used first, because it is still in the cache. */
const free: ArrayBuffer[] = []
let freeBytes = 0

/** Bytes of memory in the pool of this thread. */
export function pooledBytes(): number {
  return freeBytes
}

/**
 * Returns a block of at least `byteLength` bytes. Its content is whatever it was used for before.
 *
 * @param limit the maximum size of a used block.
 * @throws {RangeError} when there is no memory.
 */
export function takeBlock(byteLength: number, limit: number = Infinity): Block {
  const most = Math.min(limit, byteLength + (byteLength >> 3))
  for (let index = free.length - 1; index >= 0; index--) {
    const memory = free[index]! // `index` is below the length
    if (memory.byteLength < byteLength || memory.byteLength > most) continue
    free.splice(index, 1)
    freeBytes -= memory.byteLength
    return new Block(memory, 0, memory.byteLength)
  }
  return allocateOwnBlock(byteLength)
}

/**
 * Takes back the memory of a payload, unless it is too small or too large (see `Recycle`). The
 * caller guarantees that it has the only reference to `payload`, and that payloads above 8 KiB
 * share no memory.
 */
export function recycle(payload: string | Uint8Array | null): void {
  if (payload === null || typeof payload === 'string') return
  const { byteLength, byteOffset, buffer } = payload
  if (byteLength <= MAX_SHARED_BYTES || byteLength > MAX_BLOCK_BYTES || byteOffset !== 0) return
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength % 4 !== 0) return
  if (sharesMemory(payload)) return
  free.push(buffer)
  freeBytes += buffer.byteLength
  // The memory that was not used for longest is dropped.
  while (freeBytes > MAX_POOL_BYTES || free.length > MAX_BLOCKS) {
    freeBytes -= free.shift()?.byteLength ?? 0
  }
}

/** Drops all memory in the pool. */
export function emptyPool(): void {
  free.length = 0
  freeBytes = 0
}
