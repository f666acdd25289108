/**
 * Unsigned numbers and texts in bytes: LEB128, and UTF-8 with its length before it.
 *
 * Used by envelopes, presence and the binary wire. Portable: no `Buffer`.
 */

const TEXT_ENCODER = new TextEncoder()
const TEXT_DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const INITIAL_BYTES = 128
/** 2^53 - 1 in groups of 7 bits. Without a limit, zeros in front of a number would never end. */
const MAX_NUMBER_BYTES = 8

/** Fresh memory. */
export function toUtf8(text: string): Uint8Array {
  return TEXT_ENCODER.encode(text)
}

/** @throws {TypeError} for bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return TEXT_DECODER.decode(bytes)
}

/** Bytes that end too early, or that are no number or text. */
export class MalformedBytesError extends RangeError {
  override readonly name = 'MalformedBytesError'
}

/** Writes values one after the other into memory that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(INITIAL_BYTES)
  #length = 0

  /** What has been written: fresh memory. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  byte(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): this {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    return this.byte(rest)
  }

  text(value: string): this {
    return this.block(toUtf8(value))
  }

  /** Bytes with their length before them. */
  block(value: Uint8Array): this {
    return this.number(value.length).bytes(value)
  }

  /** Bytes as they are. */
  bytes(value: Uint8Array): this {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/**
 * Reads what `ByteWriter` has written. Every method throws `MalformedBytesError` for other bytes.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    const value = this.#bytes[this.#at]
    if (value === undefined) throw new MalformedBytesError('Cannot read bytes: there are too few')
    this.#at++
    return value
  }

  number(): number {
    let value = 0
    let factor = 1
    for (let count = 0; count < MAX_NUMBER_BYTES; count++) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (value > Number.MAX_SAFE_INTEGER) break
      if (byte < 0x80) return value
      factor *= 0x80
    }
    throw new MalformedBytesError('Cannot read a number: it is too large')
  }

  /** @param length in bytes; by default the length is before the text. */
  text(length: number = this.number()): string {
    const bytes = this.block(length)
    try {
      return fromUtf8(bytes)
    } catch {
      throw new MalformedBytesError('Cannot read a text: it is not UTF-8')
    }
  }

  /** Bytes, a view. @param length by default the length is before the bytes. */
  block(length: number = this.number()): Uint8Array {
    if (length > this.#bytes.length - this.#at) {
      throw new MalformedBytesError('Cannot read bytes: there are too few')
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** All bytes that are left: a view. */
  rest(): Uint8Array {
    const rest = this.#bytes.subarray(this.#at)
    this.#at = this.#bytes.length
    return rest
  }
}
