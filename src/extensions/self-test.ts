/**
 * Chooses the engine of compression: zlib's handle if a test shows that it works, otherwise the
 * public streams.
 */

import {
  EMPTY_BYTES,
  FrameTooBigError,
  isBytes,
  ProtocolViolationError,
} from '../protocol/internal.ts'
import type { DeflateEngine } from './deflate-contexts.ts'
import { handleEngine } from './zlib-handle.ts'
import { streamEngine } from './zlib-stream.ts'

/** The engine: `auto` is the fastest that works here, `stream` uses public APIs only. */
export type EngineChoice = 'auto' | 'stream'

let fastest: DeflateEngine | null = null

/**
 * Returns the engine for `choice`. The test runs once in a process, at the first `'auto'`, for
 * about a millisecond.
 */
export function chooseEngine(choice: EngineChoice): DeflateEngine {
  if (choice === 'stream') return streamEngine
  fastest ??= passesSelfTest(handleEngine) ? handleEngine : streamEngine
  return fastest
}

/** Whether a synchronous `engine` works as expected, because its internals are not documented. */
export function passesSelfTest(engine: DeflateEngine): boolean {
  try {
    return roundTripsKeepContext(engine) && limitStops(engine) && rubbishIsRefused(engine)
  } catch {
    // Any error means that this platform is built differently.
    return false
  }
}

const WINDOW_BITS = 10
const SAMPLE = 'self-test: the quick brown fox jumps over the lazy dog; '

/**
 * Sends the same message twice: the second refers to the first, and both must survive the round
 * trip.
 */
function roundTripsKeepContext(engine: DeflateEngine): boolean {
  const deflate = engine.createDeflate({ windowBits: WINDOW_BITS, level: 6, memoryLevel: 5 })
  const inflate = engine.createInflate(WINDOW_BITS)
  try {
    const plain = bytesOf(SAMPLE)
    const lengths = [plain, plain].map((message) => {
      const compressed = deflate.compress(message)
      const travels = isBytes(compressed) ? compressed.subarray(0, -4) : EMPTY_BYTES
      const back = inflate.inflate(travels, message.length)
      return isBytes(back) && equal(back, message) ? travels.length : NaN
    })
    const [first = NaN, second = NaN] = lengths
    return first > 0 && second < first / 2
  } finally {
    deflate.close()
    inflate.close()
  }
}

/** A million zeros must not be inflated if the limit is a thousand bytes. */
function limitStops(engine: DeflateEngine): boolean {
  const deflate = engine.createDeflate({ windowBits: WINDOW_BITS, level: 6, memoryLevel: 5 })
  try {
    const bomb = deflate.compress(new Uint8Array(1_000_000))
    return isBytes(bomb) && refuses(engine, bomb.subarray(0, -4), FrameTooBigError)
  } finally {
    deflate.close()
  }
}

/** A block of an invalid type must be refused. */
function rubbishIsRefused(engine: DeflateEngine): boolean {
  return refuses(engine, Uint8Array.of(0x06, 0xff), ProtocolViolationError)
}

function refuses(
  engine: DeflateEngine,
  message: Uint8Array,
  expected: abstract new (...args: never[]) => Error,
): boolean {
  const inflate = engine.createInflate(WINDOW_BITS)
  try {
    void inflate.inflate(message, 1000)
    return false
  } catch (error) {
    return error instanceof expected
  } finally {
    inflate.close()
  }
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
