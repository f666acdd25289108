/**
 * Keeps what arrives on a stream of HTTP/2 while the session does not read it.
 *
 * Node's module keeps each DATA frame as a view of the chunk that the socket read, up to 64 KiB. A
 * peer may send one byte in each frame: then a window of 512 KiB would hold 512 Ki chunks. This
 * class copies the bytes into few blocks, so that a stream takes no more memory than its window.
 */

import type { Http2Stream } from 'node:http2'
import { Readable } from 'node:stream'

import type { TransportReceiver } from '../../../session/index.ts'

/** The size of a block, and of the first one. */
const BLOCK_BYTES = 16 * 1024
const FIRST_BLOCK_BYTES = 512

/** Where a stream keeps its inbox, so that all streams share one function. */
const INBOX = Symbol('towpath.inbox')
type KeptStream = Http2Stream & { [INBOX]: StreamInbox }

/** The bytes of one stream that wait. A stream has one inbox at most. */
export class StreamInbox {
  /** Is told of bytes that arrive and must wait, with the memory that they take. */
  keeper: Pick<TransportReceiver, 'unread'> | null = null
  readonly #stream: KeptStream
  #isHolding = true
  /** All blocks but the last are full. */
  #blocks: Buffer[] = []
  /** How much of the last block is used. */
  #used = 0
  #memory = 0

  /** Begins to hold. @param stream has no reader. */
  constructor(stream: Http2Stream) {
    // The lines below make it one.
    this.#stream = stream as KeptStream
    this.#stream[INBOX] = this
    // Node's module gives everything that arrives to this public method.
    stream.push = StreamInbox.#onPush
  }

  /** The memory of the bytes that wait, in bytes. */
  get bytes(): number {
    return this.#memory + this.#stream.readableLength
  }

  /** Keeps what arrives from now on. The peer gets no new window for it. */
  hold(): void {
    this.#isHolding = true
  }

  /** Gives everything that waits to the stream, in order, and then what arrives. */
  release(): void {
    this.#isHolding = false
    const blocks = this.#blocks
    const used = this.#used
    this.drop()
    blocks.forEach((block, index) => {
      const isLast = index === blocks.length - 1
      this.#pass(isLast ? block.subarray(0, used) : block)
    })
  }

  /** Gives everything that waits to the stream, which another module reads from now on. */
  remove(): void {
    this.release()
    // The method of the prototype takes its place again.
    Reflect.deleteProperty(this.#stream, 'push')
  }

  /** Frees the memory. */
  drop(): void {
    this.#blocks = []
    this.#used = 0
    this.#memory = 0
  }

  #take(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (!this.#isHolding) return this.#pass(chunk, encoding)
    if (!(chunk instanceof Uint8Array)) {
      // `null`: the end, behind everything that waits.
      this.release()
      return this.#pass(chunk, encoding)
    }
    this.#keep(chunk)
    return false
  }

  #pass(chunk: unknown, encoding?: BufferEncoding): boolean {
    return Readable.prototype.push.call(this.#stream, chunk, encoding)
  }

  static #onPush(this: Http2Stream, chunk: unknown, encoding?: BufferEncoding): boolean {
    // Only streams with an inbox have this method.
    return (this as KeptStream)[INBOX].#take(chunk, encoding)
  }

  #keep(bytes: Uint8Array): void {
    const before = this.#memory
    let from = 0
    while (from < bytes.length) {
      let block = this.#blocks.at(-1)
      if (block === undefined || this.#used === block.length) block = this.#addBlock()
      const count = Math.min(block.length - this.#used, bytes.length - from)
      block.set(bytes.subarray(from, from + count), this.#used)
      this.#used += count
      from += count
    }
    if (this.#memory > before) this.keeper?.unread(this.#memory - before)
  }

  /** Blocks double in size, so that few bytes take little memory. */
  #addBlock(): Buffer {
    const size = Math.min(BLOCK_BYTES, Math.max(FIRST_BLOCK_BYTES, this.#memory))
    // Not from the pool of Node: one small block would keep a whole slab of it in memory.
    const block = Buffer.allocUnsafeSlow(size)
    this.#blocks.push(block)
    this.#used = 0
    this.#memory += size
    return block
  }
}
