/**
 * Writes to standard output, no faster than its reader.
 */

import type { Writable } from 'node:stream'

import { Deferred } from '../base/internal.ts'

/** One stream of output. */
export class Outlet implements Disposable {
  readonly #stream: Writable
  readonly #gone: () => void

  /** @param gone called when the reader has gone, as `head` does. */
  constructor(stream: Writable, gone: () => void) {
    this.#stream = stream
    this.#gone = gone
    stream.on('error', this.#onError)
  }

  /** Resolves when more may be written. Never rejects: once the reader has gone, nothing is. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.#stream.destroyed) return
    const flushed = new Deferred<void>()
    if (this.#stream.write(data, () => flushed.resolve())) return
    await flushed.promise
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`)
  }

  [Symbol.dispose](): void {
    this.#stream.off('error', this.#onError)
  }

  readonly #onError = (): void => this.#gone()
}
