/**
 * Compression on the public streams of `node:zlib`, in the platform's threads. Works on every
 * platform with `node:zlib`.
 *
 * Each write is flushed (`flush: Z_SYNC_FLUSH`), so its callback comes when all of its output is
 * available. Unlike the engine on the handle, this engine cannot detect a message that lacks only
 * its last octet. That is noticed with the next message, if at all.
 */

import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import { Deferred } from '../base/internal.ts'
import { allocate } from '../protocol/internal.ts'
import {
  type DeflateContext,
  type DeflateContextOptions,
  type DeflateEngine,
  type InflateContext,
  MAX_FINAL_BLOCKS,
  TAIL,
  usableDeflateBits,
} from './deflate-contexts.ts'
import { incomplete, notDeflated, tooBig } from './inflate-errors.ts'

/** The engine on public APIs. */
export const streamEngine: DeflateEngine = {
  name: 'stream',
  isSynchronous: false,
  createDeflate: (options) => new StreamDeflate(options),
  createInflate: (windowBits) => new StreamInflate(windowBits),
}

type ZlibStream = ReturnType<typeof createDeflateRaw> | ReturnType<typeof createInflateRaw>

/**
 * How many writes may be in the platform's threads at once. Many more at a time fragment the memory
 * of the process on Linux (nodejs/node#8871).
 */
const MAX_CONCURRENT_WRITES = 8

class StreamDeflate implements DeflateContext {
  readonly #zlib: Pump

  constructor({ windowBits, level, memoryLevel }: DeflateContextOptions) {
    const options = {
      windowBits: usableDeflateBits(windowBits),
      level,
      memLevel: memoryLevel,
      flush: constants.Z_SYNC_FLUSH,
    }
    this.#zlib = new Pump(() => createDeflateRaw(options))
  }

  async compress(bytes: Uint8Array): Promise<Uint8Array> {
    const pump = this.#zlib
    pump.begin(Infinity)
    // A copy, because the thread reads it after this call has returned.
    await pump.write(new Uint8Array(bytes))
    return pump.take()
  }

  reset(): void {
    this.#zlib.reset()
  }

  close(): void {
    this.#zlib.close()
  }
}

class StreamInflate implements InflateContext {
  readonly #zlib: Pump

  constructor(windowBits: number) {
    this.#zlib = new Pump(() => createInflateRaw({ windowBits, flush: constants.Z_SYNC_FLUSH }))
  }

  async inflate(message: Uint8Array, limit: number): Promise<Uint8Array> {
    const pump = this.#zlib
    pump.begin(limit)
    let unread = message
    for (let finalBlocks = 0; unread.length > 0; finalBlocks++) {
      if (finalBlocks > MAX_FINAL_BLOCKS) throw notDeflated()
      // Unread input follows a final block: a new stream starts, with an empty window.
      if (finalBlocks > 0) pump.reset()
      const read = await this.#write(unread)
      unread = unread.subarray(read)
    }
    await this.#checkEnd()
    return pump.take()
  }

  reset(): void {
    this.#zlib.reset()
  }

  close(): void {
    this.#zlib.close()
  }

  /** Adds the octets that were not sent: they must be read, and produce no output. */
  async #checkEnd(): Promise<void> {
    const { size } = this.#zlib
    const read = await this.#write(TAIL)
    if (read < TAIL.length || this.#zlib.size !== size) throw incomplete()
  }

  async #write(bytes: Uint8Array): Promise<number> {
    const pump = this.#zlib
    try {
      return await pump.write(bytes)
    } catch (error) {
      if (pump.size > pump.limit) throw tooBig(pump.size, pump.limit)
      throw notDeflated(error)
    }
  }
}

/** One stream with its pending write and its output. */
class Pump {
  /** Bytes of output since `begin`. */
  size = 0
  limit = Infinity
  readonly #create: () => ZlibStream
  #stream: ZlibStream | null = null
  #pieces: Uint8Array[] = []
  #pending: Deferred<number> | null = null
  #isClosed = false

  constructor(create: () => ZlibStream) {
    this.#create = create
  }

  /** Starts a message. */
  begin(limit: number): void {
    this.limit = limit
    this.size = 0
    this.#pieces = []
  }

  /**
   * Resolves with the number of bytes read when all output of `bytes` is available. Rejects when
   * the output exceeds the limit.
   */
  async write(bytes: Uint8Array): Promise<number> {
    await permits.acquire()
    try {
      if (this.#isClosed) throw closedError()
      return await this.#writeNow(bytes)
    } finally {
      permits.release()
    }
  }

  /** Returns all output since `begin`, in fresh memory. */
  take(): Uint8Array {
    const all = allocate(this.size)
    let at = 0
    for (const piece of this.#pieces) {
      all.set(piece, at)
      at += piece.length
    }
    this.#pieces = []
    return all
  }

  /** Makes the next write start a new stream. */
  reset(): void {
    this.#stream?.close()
    this.#stream = null
  }

  close(): void {
    this.#isClosed = true
    this.reset()
    this.#pieces = []
    this.#pending?.reject(closedError())
  }

  #writeNow(bytes: Uint8Array): Promise<number> {
    const stream = (this.#stream ??= this.#open())
    const before = stream.bytesWritten
    const pending = new Deferred<number>()
    this.#pending = pending
    stream.write(bytes, (error) => {
      // Drains output that was not emitted yet.
      while (stream.read() !== null);
      if (error) pending.reject(error)
      else pending.resolve(stream.bytesWritten - before)
    })
    return pending.promise
  }

  #open(): ZlibStream {
    const stream = this.#create()
    stream.on('data', (piece: Uint8Array) => this.#add(stream, piece))
    stream.on('error', (error) => this.#pending?.reject(error))
    return stream
  }

  #add(stream: ZlibStream, piece: Uint8Array): void {
    if (stream !== this.#stream) return
    this.size += piece.length
    if (this.size <= this.limit) {
      this.#pieces.push(piece)
      return
    }
    this.reset()
    this.#pieces = []
    this.#pending?.reject(closedError())
  }
}

/** Admits a limited number at a time, in order of arrival. */
class Permits {
  #free: number
  readonly #waiting: Deferred<void>[] = []

  constructor(count: number) {
    this.#free = count
  }

  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    const turn = new Deferred<void>()
    this.#waiting.push(turn)
    await turn.promise
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next.resolve()
  }
}

const permits = new Permits(MAX_CONCURRENT_WRITES)

/** Only seen by a session that is over. */
function closedError(): Error {
  return new Error('Cannot use zlib: the context is closed')
}
