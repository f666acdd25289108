/**
 * Bytes as people write them: hex strings for what is expected, and what arrived as hex to compare with.
 */

/** The bytes of a hex string; blanks are for the reader. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '')
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** `bytes` as a hex string with a blank between two of them. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** Bytes that have arrived, to be read in the lengths that a test expects. */
export class ByteInbox {
  #bytes = new Uint8Array(0)
  #ended = false
  #waiting: { readonly length: number; readonly settle: () => void } | null = null

  /** What has arrived and was not read yet. */
  get unread(): Uint8Array {
    return this.#bytes
  }

  get isEnded(): boolean {
    return this.#ended
  }

  push(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + bytes.length)
    joined.set(this.#bytes)
    joined.set(bytes, this.#bytes.length)
    this.#bytes = joined
    this.#settle()
  }

  end(): void {
    this.#ended = true
    this.#settle()
  }

  /** Resolves with the next `length` bytes as hex; with what there is when the stream ends before. */
  async read(length: number): Promise<string> {
    await this.#until(length)
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.slice(length)
    return toHex(taken)
  }

  /** Resolves with everything up to the end of the stream, as hex. */
  rest(): Promise<string> {
    return this.read(Infinity)
  }

  #until(length: number): Promise<void> {
    if (this.#ended || this.#bytes.length >= length) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting = { length, settle: resolve }
    })
  }

  #settle(): void {
    const waiting = this.#waiting
    if (waiting === null) return
    if (!this.#ended && this.#bytes.length < waiting.length) return
    this.#waiting = null
    waiting.settle()
  }
}
