/**
 * How the connections of a benchmark are opened.
 */

import { createClient } from '../../client/internal.ts'
import type { Arguments } from '../arguments.ts'
import { CommandEnd, ExitCode } from '../exit-code.ts'
import { readTargetOptions } from '../wire/target-options.ts'
import type { World } from '../world.ts'
import type { BenchSettings } from './bench-options.ts'
import type { OpenConnection } from './fleet.ts'
import type { TypedRequest } from './typed/typed-request.ts'

const CLOSE_TIMEOUT_MS = 3000

/** How much an answer to a request may have, in bytes: the default of `connect`. */
const MAX_ANSWER_BYTES = 2 ** 26

/**
 * Returns a function that opens one connection. It rejects with a `CommandEnd` if the server does
 * not agree on the subprotocol of `request`.
 */
export function benchClient(
  args: Arguments,
  { url, load }: BenchSettings,
  request: TypedRequest | null,
  platform: World['platform'],
  signal: AbortSignal,
): OpenConnection {
  const client = createClient(platform, {
    ...readTargetOptions(args, url),
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Base64 needs a third more.
    maxMessageSize: request === null ? Math.max(2 ** 20, load.size * 2) : MAX_ANSWER_BYTES,
    ...(request === null ? {} : { protocols: [request.protocol] }),
    signal,
  })
  if (request === null) return () => client.openWebSocket(url)
  return async () => {
    const session = await client.openWebSocket(url)
    if (session.protocol === request.protocol) return session
    session.terminate()
    throw new CommandEnd(
      ExitCode.REFUSED,
      `Cannot send requests: the server has not agreed on the subprotocol ${request.protocol}`,
    )
  }
}

/** Returns a function that returns numbers from 0 to 1. */
export function randomOf(platform: World['platform']): () => number {
  const bytes = Buffer.alloc(4)
  return () => {
    platform.environment().random(bytes)
    return bytes.readUInt32BE(0) / 2 ** 32
  }
}
