/**
 * A ring buffer of values with their sizes.
 *
 * Slot `2i` holds a value and slot `2i + 1` its size, so that one array serves both. The number of
 * pairs is a power of two. Nothing is allocated before the first value. A large array is released
 * when the last value has been taken, because most channels are empty most of the time.
 */

const FIRST_LENGTH = 4

// An array of up to this many pairs is kept when it becomes empty (256 bytes).
const KEPT_LENGTH = 16

/** A queue of values with sizes, first in, first out. It is never full: it grows by doubling. */
export class RingBuffer<T> {
  #slots: (T | number | undefined)[] | null = null
  #length = 0
  #head = 0
  #size = 0
  #bytes = 0

  /** The number of values. */
  get size(): number {
    return this.#size
  }

  /** The sum of the sizes. */
  get bytes(): number {
    return this.#bytes
  }

  push(value: T, bytes: number): void {
    const slots = this.#slots === null || this.#size === this.#length ? this.#grow() : this.#slots
    const slot = ((this.#head + this.#size) & (this.#length - 1)) << 1
    slots[slot] = value
    slots[slot + 1] = bytes
    this.#size++
    this.#bytes += bytes
  }

  /** Returns the value `offset` places behind the oldest without removing it. There must be one. */
  peekAt(offset: number): T {
    // A slot from the head on, below the size, holds a value from push().
    return this.#slots?.[((this.#head + offset) & (this.#length - 1)) << 1] as T
  }

  /**
   * Replaces the value `offset` places behind the oldest, which must exist.
   *
   * @returns the replaced value.
   */
  replace(offset: number, value: T, bytes: number): T {
    const slots = this.#slots ?? []
    const slot = ((this.#head + offset) & (this.#length - 1)) << 1
    // As in peekAt(); the slot after it holds the size.
    const old = slots[slot] as T
    this.#bytes += bytes - (slots[slot + 1] as number)
    slots[slot] = value
    slots[slot + 1] = bytes
    return old
  }

  /** Takes the oldest value. There must be one. */
  shift(): T {
    const slots = this.#slots ?? []
    const slot = this.#head << 1
    // As in peekAt(); the slot after it holds the size.
    const value = slots[slot] as T
    const bytes = slots[slot + 1] as number
    slots[slot] = undefined
    this.#head = (this.#head + 1) & (this.#length - 1)
    this.#size--
    this.#bytes -= bytes
    if (this.#size === 0) this.#settle()
    return value
  }

  /** The last value has been taken. Fractional sizes may have left an error in the sum. */
  #settle(): void {
    this.#bytes = 0
    if (this.#length <= KEPT_LENGTH) return
    this.#slots = null
    this.#length = 0
    this.#head = 0
  }

  #grow(): (T | number | undefined)[] {
    const old = this.#slots
    const length = old === null ? FIRST_LENGTH : this.#length * 2
    const slots: (T | number | undefined)[] = []
    if (old !== null) {
      for (let index = 0; index < this.#size; index++) {
        const from = ((this.#head + index) & (this.#length - 1)) << 1
        slots.push(old[from], old[from + 1])
      }
    }
    while (slots.length < length * 2) slots.push(undefined)
    this.#slots = slots
    this.#length = length
    this.#head = 0
    return slots
  }
}
