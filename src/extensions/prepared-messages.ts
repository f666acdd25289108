/**
 * Compresses prepared messages once for each set of parameters. The result is kept as long as the
 * message.
 */

import { type PreparedFrame, preparedPayload } from '../protocol/internal.ts'
import { type DeflateContextOptions, type DeflateEngine, TAIL } from './deflate-contexts.ts'
import type { ExtensionFrame } from './extension.ts'
import { MessageFrame } from './message-frame.ts'
import { compressAlone } from './shared-contexts.ts'

/**
 * The result for each set of parameters; `null` where compression gains nothing. At most 8 windows
 * for each extension.
 */
const COMPRESSED = new WeakMap<PreparedFrame, Map<number, Uint8Array | null>>()

/**
 * Returns the prepared message that `frame` carries; `null` if there is none, or another extension
 * has changed it.
 */
export function preparedOf(frame: ExtensionFrame): PreparedFrame | null {
  return frame instanceof MessageFrame && !frame.isChanged ? frame.prepared : null
}

/**
 * Compresses `prepared` by itself, without the tail; for a synchronous engine.
 *
 * @returns bytes that must not be changed; `null` if they would not be shorter.
 */
export function compressPrepared(
  prepared: PreparedFrame,
  engine: DeflateEngine,
  options: DeflateContextOptions,
): Uint8Array | null {
  const { windowBits, level, memoryLevel } = options
  const key = (windowBits << 16) | ((level + 1) << 8) | memoryLevel
  let known = COMPRESSED.get(prepared)
  if (known === undefined) {
    known = new Map()
    COMPRESSED.set(prepared, known)
  }
  let made = known.get(key)
  if (made === undefined) {
    made = compress(prepared, engine, options)
    known.set(key, made)
  }
  return made
}

function compress(
  prepared: PreparedFrame,
  engine: DeflateEngine,
  options: DeflateContextOptions,
): Uint8Array | null {
  // zlib has nothing to flush for no bytes.
  if (prepared.byteLength === 0) return null
  const bytes = compressAlone(engine, options, preparedPayload(prepared))
  if (bytes instanceof Promise) throw new TypeError('Cannot prepare: the engine is asynchronous')
  const size = bytes.length - TAIL.length
  return size < prepared.byteLength ? bytes.subarray(0, size) : null
}
