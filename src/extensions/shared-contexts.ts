/**
 * Contexts that no session owns: for messages that are compressed by themselves.
 *
 * Without context takeover nothing is to be remembered between two messages, and a synchronous engine is done with
 * one when its call returns. So all sessions of the process take turns with one context for each set of parameters.
 */

import type {
  DeflateContext,
  DeflateContextOptions,
  DeflateEngine,
  InflateContext,
} from './deflate-contexts.ts'

const deflateContexts = new Map<string, DeflateContext>()
const inflateContexts = new Map<number, InflateContext>()

/** Compresses one message by itself, as `DeflateContext.compress`; for a synchronous engine. */
export function compressAlone(
  engine: DeflateEngine,
  options: DeflateContextOptions,
  bytes: Uint8Array,
): Uint8Array | Promise<Uint8Array> {
  const key = `${engine.name} ${options.windowBits} ${options.level} ${options.memoryLevel}`
  const context = deflateContexts.get(key) ?? engine.createDeflate(options)
  deflateContexts.set(key, context)
  try {
    return context.compress(bytes)
  } finally {
    context.reset()
  }
}

/** Decompresses one message by itself, as `InflateContext.inflate`; for a synchronous engine. */
export function inflateAlone(
  engine: DeflateEngine,
  windowBits: number,
  message: Uint8Array,
  limit: number,
): Uint8Array | Promise<Uint8Array> {
  const context = inflateContexts.get(windowBits) ?? engine.createInflate(windowBits)
  inflateContexts.set(windowBits, context)
  try {
    return context.inflate(message, limit)
  } finally {
    context.reset()
  }
}
