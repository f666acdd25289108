/**
 * Puts the fragments of a message together (RFC 6455 §5.4).
 *
 * Fragments are copied into one piece of memory that grows by half more than is needed: a message of
 * many tiny fragments costs no object for each, and each byte is copied a bounded number of times.
 */

import { allocate, sharesMemory } from '../memory.ts'
import { EMPTY_BYTES } from '../text.ts'

/** Gathers one message at a time. */
export class MessageAssembler {
  #memory: Uint8Array = EMPTY_BYTES
  #size = 0
  #isEmpty = true

  /** Whether no fragment has been added since the last `take`. Empty fragments count. */
  get isEmpty(): boolean {
    return this.#isEmpty
  }

  /** Bytes gathered so far. */
  get size(): number {
    return this.#size
  }

  /** Bytes of memory that are kept for them. */
  get keptBytes(): number {
    return this.#memory.length
  }

  /** Adds a fragment, which is kept until `take` and not changed. */
  add(fragment: Uint8Array): void {
    this.#isEmpty = false
    if (fragment.length === 0) return
    if (this.#size === 0 && !sharesMemory(fragment)) {
      // Not copied: it may be all there is. Its memory is full, so nothing is written into it.
      this.#memory = fragment
      this.#size = fragment.length
      return
    }
    const size = this.#size + fragment.length
    if (size > this.#memory.length) this.#grow(size)
    this.#memory.set(fragment, this.#size)
    this.#size = size
  }

  /** The whole message, which is the caller's; the next `add` begins another one. */
  take(): Uint8Array {
    const message = new Uint8Array(this.#memory.buffer, this.#memory.byteOffset, this.#size)
    this.discard()
    return message
  }

  /** Forgets what has been gathered. */
  discard(): void {
    this.#memory = EMPTY_BYTES
    this.#size = 0
    this.#isEmpty = true
  }

  #grow(size: number): void {
    const memory = allocate(size + (size >> 1) + 64)
    memory.set(this.#memory.subarray(0, this.#size))
    this.#memory = memory
  }
}
