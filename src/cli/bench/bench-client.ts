/**
 * How the connections of a benchmark are opened.
 */

import { createClient } from '../../client/internal.ts'
import type { Arguments } from '../arguments.ts'
import { readTargetOptions } from '../wire/target-options.ts'
import type { World } from '../world.ts'
import type { BenchSettings } from './bench-options.ts'
import type { OpenConnection } from './fleet.ts'

const CLOSE_TIMEOUT_MS = 3000

/** Returns a function that opens one connection. */
export function benchClient(
  args: Arguments,
  { url, load }: BenchSettings,
  platform: World['platform'],
  signal: AbortSignal,
): OpenConnection {
  const client = createClient(platform, {
    ...readTargetOptions(args, url),
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Base64 needs a third more.
    maxMessageSize: Math.max(2 ** 20, load.size * 2),
    signal,
  })
  return () => client.openWebSocket(url)
}

/** Returns a function that returns numbers from 0 to 1. */
export function randomOf(platform: World['platform']): () => number {
  const bytes = Buffer.alloc(4)
  return () => {
    platform.environment().random(bytes)
    return bytes.readUInt32BE(0) / 2 ** 32
  }
}
