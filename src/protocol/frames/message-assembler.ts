/**
 * Assembles the fragments of a message (RFC 6455 §5.4).
 *
 * Fragments are copied into one piece of memory, which grows to 1.5 times the size needed. A
 * message of many tiny fragments costs no object per fragment, and each byte is copied a bounded
 * number of times.
 */

import { allocate, sharesMemory } from '../memory.ts'
import { EMPTY_BYTES } from '../text.ts'

/** Assembles one message at a time. */
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

  /** Bytes of memory that are held for them. */
  get keptBytes(): number {
    return this.#memory.length
  }

  /** Adds a fragment, which is kept until `take` and not changed. */
  add(fragment: Uint8Array): void {
    this.#isEmpty = false
    if (fragment.length === 0) return
    if (this.#size === 0 && !sharesMemory(fragment)) {
      // Not copied, because it may be the only fragment. Its memory is full, so nothing is written
      // into it.
      this.#memory = fragment
      this.#size = fragment.length
      return
    }
    const size = this.#size + fragment.length
    if (size > this.#memory.length) this.#grow(size)
    this.#memory.set(fragment, this.#size)
    this.#size = size
  }

  /**
   * Returns the whole message, which then belongs to the caller. The next `add` starts another
   * message.
   */
  take(): Uint8Array {
    const message = new Uint8Array(this.#memory.buffer, this.#memory.byteOffset, this.#size)
    this.discard()
    return message
  }

  /** Drops the fragments of the unfinished message. */
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
