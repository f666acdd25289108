/**
 * The beginning and the end of listening: a line in the log, and the wait for `lead`.
 */

import type { Application, Logger } from '../../../application/index.ts'
import { logSafely } from '../../../application/internal.ts'
import { Deferred } from '../../../base/internal.ts'
import type { ServerAddress } from './server.ts'

/** Logs where a server listens, at level `info`. */
export function logListening(
  logger: Logger,
  { host, port, socketPath }: ServerAddress,
  more: { readonly workers?: number; readonly tls?: boolean },
): void {
  const facts = socketPath === undefined ? { host, port } : { socketPath }
  logSafely(() => logger.info({ ...facts, ...more }, 'Server listens'))
}

/** Resolves when `application` is not `leaving`: it may stop listening now. Never rejects. */
export async function hasLeft({ state, monitor }: Application): Promise<void> {
  if (state !== 'leaving') return
  const left = new Deferred<void>()
  const listening = monitor.on('stopping', () => left.resolve())
  await left.promise
  listening[Symbol.dispose]()
}
