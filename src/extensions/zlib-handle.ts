/**
 * Compression on zlib's own handle, synchronously: the one file that knows the internals of Node's
 * zlib streams.
 *
 * A zlib stream of Node has a `_handle` with
 * `writeSync(flush, input, at, length, output, at, length)`, which stores in `_writeState` how many
 * bytes of output are free and how many bytes of input are unread. Node's `deflateRawSync` is built
 * on it. A message of 300 bytes takes a few microseconds with the handle, and 40 to 60 with the
 * stream around it, which uses another thread. None of this is documented, so `self-test.ts` tests
 * it before it is used.
 */

import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import { allocate, allocateBlock } from '../protocol/internal.ts'
import {
  type DeflateContext,
  type DeflateContextOptions,
  type DeflateEngine,
  type InflateContext,
  MAX_FINAL_BLOCKS,
  usableDeflateBits,
} from './deflate-contexts.ts'
import { incomplete, notDeflated, tooBig } from './inflate-errors.ts'

/** The synchronous engine. */
export const handleEngine: DeflateEngine = {
  name: 'handle',
  isSynchronous: true,
  createDeflate: (options) => new HandleDeflate(options),
  createInflate: (windowBits) => new HandleInflate(windowBits),
}

/** The internals of a stream that this file uses. */
interface Insides {
  readonly _handle: {
    /** Called inside `writeSync`. */
    onerror: (message: string, errno: number, code: string) => void
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void
  }
  /** Free bytes of output, unread bytes of input. */
  readonly _writeState: Uint32Array
}

type ZlibStream = ReturnType<typeof createDeflateRaw> | ReturnType<typeof createInflateRaw>

/** The first output buffer. The process has one, which is empty between two calls. */
const SCRATCH: Uint8Array = allocate(64 * 1024)

/** With less room than this, zlib may write the end of a flush twice. */
const MIN_ROOM_BYTES = 64

/** The minimum size that Node accepts for the stream's own buffer, which is not used. */
const OWN_BUFFER_BYTES = 64

/**
 * `TAIL`, and one more byte that must not be read: with `Z_BLOCK`, zlib stops behind the block that
 * the tail ends.
 */
const PROBE: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00)

class HandleDeflate implements DeflateContext {
  readonly #zlib: Handle

  constructor({ windowBits, level, memoryLevel }: DeflateContextOptions) {
    const stream = createDeflateRaw({
      windowBits: usableDeflateBits(windowBits),
      level,
      memLevel: memoryLevel,
      chunkSize: OWN_BUFFER_BYTES,
    })
    this.#zlib = new Handle(stream)
  }

  compress(bytes: Uint8Array): Uint8Array {
    const zlib = this.#zlib
    const output = new Output()
    let at = 0
    do {
      zlib.write(constants.Z_SYNC_FLUSH, bytes, at, output, output.room())
      if (zlib.failure !== null) throw new Error(`Cannot compress message: ${zlib.failure}`)
      at = bytes.length - zlib.unread
      // The flush is complete only if there was room left.
    } while (zlib.free === 0)
    return output.take()
  }

  reset(): void {
    this.#zlib.reset()
  }

  close(): void {
    this.#zlib.close()
  }
}

class HandleInflate implements InflateContext {
  readonly #zlib: Handle

  constructor(windowBits: number) {
    this.#zlib = new Handle(createInflateRaw({ windowBits, chunkSize: OWN_BUFFER_BYTES }))
  }

  inflate(message: Uint8Array, limit: number): Uint8Array {
    const zlib = this.#zlib
    const output = new Output()
    let finalBlocks = 0
    let at = 0
    do {
      // One byte above the limit is enough to detect the violation.
      const room = Math.min(output.room(), limit + 1 - output.size)
      zlib.write(constants.Z_SYNC_FLUSH, message, at, output, room)
      if (zlib.failure !== null) throw notDeflated(new Error(zlib.failure))
      if (output.size > limit) throw tooBig(output.size, limit)
      at = message.length - zlib.unread
      if (zlib.unread > 0 && zlib.free > 0) {
        // Unread input, although there was room, follows a final block: a new stream starts, with
        // an empty window.
        finalBlocks += 1
        if (finalBlocks > MAX_FINAL_BLOCKS) throw notDeflated()
        zlib.reset()
      }
    } while (zlib.free === 0 || zlib.unread > 0)
    this.#checkEnd(output)
    return output.take()
  }

  reset(): void {
    this.#zlib.reset()
  }

  close(): void {
    this.#zlib.close()
  }

  /**
   * Adds the octets that were not sent. They must end a block, right there, and produce no output.
   */
  #checkEnd(output: Output): void {
    const zlib = this.#zlib
    const { size } = output
    zlib.write(constants.Z_BLOCK, PROBE, 0, output, output.room())
    if (zlib.failure !== null) throw notDeflated(new Error(zlib.failure))
    if (zlib.unread !== 1 || output.size !== size) throw incomplete()
  }
}

/** One handle. The results of a call are in its fields. */
class Handle {
  failure: string | null = null
  /** Free bytes of output. */
  free = 0
  /** Unread bytes of input. */
  unread = 0
  readonly #stream: ZlibStream
  readonly #insides: Insides

  constructor(stream: ZlibStream) {
    this.#stream = stream
    // The self-test checks whether a stream of this platform has these fields.
    this.#insides = stream as unknown as Insides
    this.#insides._handle.onerror = (message, _errno, code) => {
      this.failure = `${message} (${code})`
    }
  }

  /** Reads `input` from `at` on, as far as its output fits into `room` bytes. */
  write(flush: number, input: Uint8Array, at: number, output: Output, room: number): void {
    const { _handle, _writeState } = this.#insides
    this.failure = null
    _handle.writeSync(flush, input, at, input.length - at, SCRATCH, output.filled, room)
    this.free = _writeState[0] ?? 0
    this.unread = _writeState[1] ?? 0
    output.add(room - this.free)
  }

  reset(): void {
    this.#stream.reset()
  }

  close(): void {
    this.#stream.close()
  }
}

/** The output of a context: collected in the scratch memory, and in pieces once that is full. */
class Output {
  /** The total size, in bytes. */
  size = 0
  /** Bytes in the scratch memory. */
  filled = 0
  #pieces: Uint8Array[] | null = null

  /**
   * Returns how many bytes fit behind those in the scratch memory; at least enough for the end of a
   * flush.
   */
  room(): number {
    if (SCRATCH.length - this.filled < MIN_ROOM_BYTES) {
      this.#pieces ??= []
      this.#pieces.push(this.#takeScratch())
    }
    return SCRATCH.length - this.filled
  }

  add(byteLength: number): void {
    this.filled += byteLength
    this.size += byteLength
  }

  /** Returns the whole output, in fresh memory. */
  take(): Uint8Array {
    const last = this.#takeScratch()
    if (this.#pieces === null) return last
    const all = allocate(this.size)
    let at = 0
    for (const piece of [...this.#pieces, last]) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  #takeScratch(): Uint8Array {
    const { filled } = this
    this.filled = 0
    const bytes = allocateBlock(filled).slice(0, filled)
    bytes.set(SCRATCH.subarray(0, filled))
    return bytes
  }
}
