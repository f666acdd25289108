/**
 * Walks through values of a binary format that are inside of each other, without building them.
 */

/** Values inside of each other. What decodes them calls itself for each. */
const MAX_DEPTH = 500

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A place in the bytes, and how many values are still to come there. */
export class ByteReader {
  readonly #format: string
  readonly #data: Uint8Array
  #at = 0
  /** In the innermost list; `Infinity`: until its end is marked. */
  #left = 1
  /** The same for the lists around it. */
  readonly #outer: number[] = []

  /** @param format for messages. */
  constructor(format: string, data: Uint8Array) {
    this.#format = format
    this.#data = data
  }

  /**
   * Takes the first byte of the next value.
   *
   * @returns `null` if there is none: all values are complete.
   * @throws {TypeError} if there are bytes behind the last value.
   */
  next(): number | null {
    while (this.#left === 0) {
      if (this.#outer.length > 0) this.leave()
      else if (this.#at === this.#data.length) return null
      else this.refuse('there are bytes behind the value')
    }
    this.#left--
    return this.number(1)
  }

  /** An unsigned number of so many bytes, in big-endian. */
  number(bytes: number): number {
    const from = this.skip(bytes)
    let number = 0
    for (let at = from; at < this.#at; at++) number = number * 256 + (this.#data[at] ?? 0)
    return number
  }

  /** @returns where the bytes begin. */
  skip(length: number): number {
    const from = this.#at
    this.#at += length
    if (this.#at > this.#data.length) this.refuse('it ends too early')
    return from
  }

  /** @throws {TypeError} if the next `length` bytes are not UTF-8. */
  text(length: number): void {
    const from = this.skip(length)
    let at = from
    while (at < this.#at && (this.#data[at] ?? 0) < 0x80) at++
    if (at === this.#at) return // ASCII
    try {
      strictDecoder.decode(this.#data.subarray(at, this.#at))
    } catch {
      this.refuse('it has text that is not UTF-8')
    }
  }

  /** A list begins. @param count of its values; `Infinity`: `leave` says where it ends. */
  enter(count: number): void {
    // Each value has a byte.
    if (count !== Infinity && count > this.#data.length - this.#at) this.refuse('it ends too early')
    if (this.#outer.length >= MAX_DEPTH) this.refuse('it is nested too deeply')
    this.#outer.push(this.#left)
    this.#left = count
  }

  /** The innermost list is over. */
  leave(): void {
    this.#left = this.#outer.pop() ?? 0
  }

  /** Whether the end of the innermost list has to be marked. */
  get isEndless(): boolean {
    return this.#left === Infinity
  }

  /** @throws {TypeError} always. */
  refuse(why: string): never {
    throw new TypeError(`Cannot decode ${this.#format}: ${why}`)
  }
}
