/**
 * The options of a page's connection that comes back, checked in fewer words than on other platforms: a page loads them.
 */

import type {
  Backing,
  HeartbeatOptions,
  HeartbeatSettings,
  KeepOptions,
  ReconnectingOptions,
  ReconnectingSettings,
  ReconnectOptions,
} from '../../client/portable.ts'
import { readCount, readMilliseconds, refuse, refuseAll } from './browser-options.ts'

/**
 * Reads the options that are the connection's own; those of its sessions are left alone.
 *
 * @throws {TypeError | RangeError} for one that there is not, or that means nothing, naming it.
 */
export function readConnectOptions({
  reconnect,
  whileAway = 'reject',
  opened = nothing,
  attemptTimeout = 30_000,
  heartbeat = null,
  signal,
}: ReconnectingOptions): ReconnectingSettings {
  if (typeof opened !== 'function') refuse('opened', TypeError)
  return {
    reconnect: readReconnect(reconnect),
    whileAway: readWhileAway(whileAway),
    opened,
    attemptTimeout:
      attemptTimeout === null ? null : readMilliseconds('attemptTimeout', attemptTimeout),
    heartbeat: heartbeat === null ? null : readHeartbeat(heartbeat),
    signal: signal ?? null,
  }
}

function readReconnect({
  baseDelay = 1_000,
  maxDelay = 30_000,
  factor = 2,
  jitter = 1,
  maxAttempts = Infinity,
  maxElapsed = null,
  resetAfter = 10_000,
  maxServerDelay = 300_000,
  shouldReconnect = nothing,
  ...others
}: ReconnectOptions = {}): Backing {
  refuseAll(others)
  return {
    baseDelay: readMilliseconds('baseDelay', baseDelay),
    maxDelay: readMilliseconds('maxDelay', maxDelay),
    factor: factor >= 1 && factor < Infinity ? factor : refuse('factor'),
    jitter: jitter >= 0 && jitter <= 1 ? jitter : refuse('jitter'),
    maxAttempts: maxAttempts === Infinity ? maxAttempts : readCount('maxAttempts', maxAttempts),
    maxElapsed: maxElapsed === null ? null : readMilliseconds('maxElapsed', maxElapsed),
    resetAfter: readMilliseconds('resetAfter', resetAfter),
    maxServerDelay: readMilliseconds('maxServerDelay', maxServerDelay),
    shouldReconnect,
  }
}

function readWhileAway(
  whileAway: NonNullable<ReconnectingOptions['whileAway']>,
): ReconnectingSettings['whileAway'] {
  if (whileAway === 'reject' || whileAway === 'drop') return whileAway
  const keep: KeepOptions | undefined = whileAway.keep
  if (typeof keep !== 'object') refuse('whileAway', TypeError)
  const { frames = 64, bytes = 1024 * 1024, ...others } = keep
  refuseAll(others)
  return { keep: { frames: readCount('frames', frames), bytes: readCount('bytes', bytes) } }
}

function readHeartbeat({
  period = 25_000,
  timeout = 10_000,
  ...others
}: HeartbeatOptions): HeartbeatSettings {
  refuseAll(others)
  return {
    period: readMilliseconds('period', period),
    timeout: readMilliseconds('timeout', timeout),
  }
}

function nothing(): undefined {}
