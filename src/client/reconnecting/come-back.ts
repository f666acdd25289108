/**
 * Whether to come back after a setback, and when the server wants us to. The table is in docs/reconnecting.md.
 */

import { readReconnectHint } from '../../protocol/portable.ts'
import { UpgradeRefusedError } from '../opening/errors.ts'
import type { Setback } from './reconnect-state.ts'

const NORMAL = 1000
const GOING_AWAY = 1001
const SERVICE_RESTART = 1012
const TRY_AGAIN_LATER = 1013

/**
 * Close codes that say that we, or what we send, are the trouble: it would be the same again. 1000 says that all has
 * been said; 3000 and 3003 are registered as Unauthorized and Forbidden.
 */
const FINAL_CODES: ReadonlySet<number> = new Set([
  NORMAL,
  1002,
  1003,
  1007,
  1008,
  1009,
  1010,
  3000,
  3003,
])

/** Those of 400 to 499 that pass: Request Timeout, Too Early, Too Many Requests. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429])

/** Codes 4400 to 4499 mean what the HTTP status of their last three digits means: many applications use them so. */
const HTTP_LIKE_CODES = 4000
/** graphql-ws: "Terminated", of a socket that froze. */
const FROZEN = 4499

/** Codes whose waits the registry of close codes describes: 5 to 30 seconds, left to chance. */
const RESTARTING: ReadonlySet<number> = new Set([SERVICE_RESTART, TRY_AGAIN_LATER])
const RESTART_MIN_MS = 5_000
const RESTART_SPREAD_MS = 25_000

/** Whether coming back may help. */
export function mayComeBack({ info, error }: Setback): boolean {
  if (info !== null) return mayFollow(info.reason.code)
  return !(error instanceof UpgradeRefusedError) || !isFinalStatus(error.status)
}

/** Whether a connection that ended so has ended well. */
export function hasEndedWell({ info }: Setback): boolean {
  return info?.reason.code === NORMAL
}

/**
 * How long the server asks us to stay away, in milliseconds; `null` if it does not say.
 *
 * @param chance 0 and above, below 1.
 */
export function askedDelay({ info, error }: Setback, chance: number): number | null {
  if (error instanceof UpgradeRefusedError) return retryAfter(error.headers)
  const reason = info?.remote ?? null
  if (reason === null) return null
  const isRestarting = RESTARTING.has(reason.code)
  const hint = isRestarting || reason.code === GOING_AWAY ? readReconnectHint(reason.message) : null
  return hint ?? (isRestarting ? RESTART_MIN_MS + chance * RESTART_SPREAD_MS : null)
}

/**
 * `Retry-After` (RFC 9110 §10.2.3): seconds, or a date, which is compared with the server's own `Date`, because
 * clocks differ; without that a date says nothing.
 */
function retryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after') ?? ''
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const delay = readDate(value) - readDate(headers.get('date') ?? '')
  return delay >= 0 ? delay : null
}

/** Milliseconds; `NaN` for what is no date as HTTP writes them today (RFC 9110 §5.6.7, IMF-fixdate). */
function readDate(text: string): number {
  // oxlint-disable-next-line no-restricted-globals -- it reads a text, and not the time
  return /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) ? Date.parse(text) : NaN
}

function mayFollow(code: number): boolean {
  if (code >= 4400 && code < FROZEN) return !isFinalStatus(code - HTTP_LIKE_CODES)
  return !FINAL_CODES.has(code)
}

function isFinalStatus(status: number): boolean {
  return status >= 400 && status < 500 && !PASSING_STATUSES.has(status)
}
