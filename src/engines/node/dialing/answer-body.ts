/**
 * The body of a refusal, as far as it is kept.
 */

import type { Readable } from 'node:stream'

/** How much of the body of a refusal is kept, in bytes. */
const MAX_BODY_BYTES = 64 * 1024

/** Reads a body. However it ends, the part that arrived is there. */
export class AnswerBody {
  readonly #chunks: Buffer[] = []
  #size = 0

  /** @param done called when there is nothing more to wait for, possibly several times. */
  constructor(source: Readable, done: () => void) {
    source.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#size += chunk.length
      if (this.#size >= MAX_BODY_BYTES) done()
    })
    for (const event of ['end', 'error', 'close']) source.on(event, done)
  }

  /** The bytes that have arrived: 64 KiB at most. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks).subarray(0, MAX_BODY_BYTES)
  }
}
