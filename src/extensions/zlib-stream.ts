/**
 * Compression on the public streams of `node:zlib`: works wherever that does, through the
 * platform's threads.
 *
 * Each write is flushed (`flush: Z_SYNC_FLUSH`), so its callback comes when all of its output is
 * there. What this engine cannot see, and the one on the handle can: a message that lacks only its
 * last octet. It is then noticed at the next one, if at all.
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

/** The engine on public interfaces. */
export const streamEngine: DeflateEngine = {
  name: 'stream',
  isSynchronous: false,
  createDeflate: (options) => new StreamDeflate(options),
  createInflate: (windowBits) => new StreamInflate(windowBits),
}

type ZlibStream = ReturnType<typeof createDeflateRaw> | ReturnType<typeof createInflateRaw>

/**
 * How many writes may be in the platform's threads at once. Many more at a time leave the memory of
 * the process in splinters on Linux (nodejs/node#8871).
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
    // A copy: the thread reads it after this call has returned.
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
      // What is unread stands behind a final block: a new stream, with an empty window.
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

  /** Puts back the octets that did not travel: they have to be read, and to add nothing. */
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

/** One stream, written to and waited for, and what came out of it. */
class Pump {
  /** What has come out since `begin`, in bytes. */
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

  /** A message begins. */
  begin(limit: number): void {
    this.limit = limit
    this.size = 0
    this.#pieces = []
  }

  /**
   * Resolves when all that comes of `bytes` is there, with how many of them were read. Rejects past
   * the limit, too.
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

  /** All of the output since `begin`, in fresh memory. */
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

  /** The next write begins a new stream. */
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
      // Output that was not handed on yet is, by this.
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

/** Lets so many in at a time, in the order in which they came. */
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

/** Seen by nobody but a session that is over. */
function closedError(): Error {
  return new Error('Cannot go on with zlib: the context is closed')
}
