/**
 * Bytes as people write them: hex strings for what is expected, and what arrived as hex to compare
 * with.
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
  #memory = new Uint8Array(1024)
  #start = 0
  #end = 0
  #ended = false
  #waiting: { readonly length: number; readonly settle: () => void } | null = null

  /** What has arrived and was not read yet; valid until more arrives. */
  get unread(): Uint8Array {
    return this.#memory.subarray(this.#start, this.#end)
  }

  get isEnded(): boolean {
    return this.#ended
  }

  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#memory.length) this.#grow(bytes.length)
    this.#memory.set(bytes, this.#end)
    this.#end += bytes.length
    this.#settle()
  }

  end(): void {
    this.#ended = true
    this.#settle()
  }

  /**
   * Resolves with the next `length` bytes as hex; with what there is when the stream ends before.
   */
  async read(length: number): Promise<string> {
    return toHex(await this.take(length))
  }

  /** Resolves with everything up to the end of the stream, as hex. */
  rest(): Promise<string> {
    return this.read(Infinity)
  }

  /** Resolves with the next `length` bytes; with what there is when the stream ends before. */
  async take(length: number): Promise<Uint8Array> {
    await this.#until(length)
    const taken = this.unread.slice(0, length)
    this.#start += taken.length
    return taken
  }

  #until(length: number): Promise<void> {
    if (this.#ended || this.unread.length >= length) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting = { length, settle: resolve }
    })
  }

  #settle(): void {
    const waiting = this.#waiting
    if (waiting === null) return
    if (!this.#ended && this.unread.length < waiting.length) return
    this.#waiting = null
    waiting.settle()
  }

  /** Twice what is needed, so that megabytes can arrive in small pieces. */
  #grow(byteLength: number): void {
    const { unread } = this
    const memory = new Uint8Array(2 * (unread.length + byteLength))
    memory.set(unread)
    this.#start = 0
    this.#end = unread.length
    this.#memory = memory
  }
}
