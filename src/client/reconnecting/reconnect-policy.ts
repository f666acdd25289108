/**
 * Decides whether to reconnect after a setback, and how long the server wants the client to wait.
 * docs/reconnecting.md has the table.
 */

import { readReconnectHint } from '../../protocol/portable.ts'
import { UpgradeRefusedError } from '../opening/errors.ts'
import type { AskedWait } from './backoff.ts'
import type { Setback } from './reconnect-state.ts'

const NORMAL = 1000
const GOING_AWAY = 1001
const SERVICE_RESTART = 1012
const TRY_AGAIN_LATER = 1013

/**
 * Close codes after which reconnecting cannot help: 1000 is a normal end, the others blame this
 * client or its messages. 3000 and 3003 are registered as Unauthorized and Forbidden.
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

/** Temporary statuses of 400 to 499: Request Timeout, Too Early, Too Many Requests. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429])

/** Many applications use codes 4400 to 4499 for the HTTP status in the last three digits. */
const HTTP_LIKE_CODES = 4000
/** graphql-ws uses 4499 ("Terminated") for a frozen socket. */
const FROZEN = 4499

/** The registry of close codes asks for a random wait of 5 to 30 seconds after these codes. */
const RESTARTING: ReadonlySet<number> = new Set([SERVICE_RESTART, TRY_AGAIN_LATER])
const RESTART_MIN_MS = 5_000
const RESTART_SPREAD_MS = 25_000

/** Whether reconnecting may help. */
export function mayReconnect({ info, error }: Setback): boolean {
  if (info !== null) return mayReconnectAfter(info.reason.code)
  return !(error instanceof UpgradeRefusedError) || !isFinalStatus(error.status)
}

/** Whether the connection ended normally. */
export function hasEndedNormally({ info }: Setback): boolean {
  return info?.reason.code === NORMAL
}

/**
 * Returns the wait that the server asked for, or `null`.
 *
 * @param chance a random number: 0 or above, below 1.
 */
export function serverDelay({ info, error }: Setback, chance: number): AskedWait | null {
  if (error instanceof UpgradeRefusedError) {
    const ms = retryAfter(error.headers)
    return ms === null ? null : { ms, isSpread: false }
  }
  const reason = info?.remote ?? null
  if (reason === null) return null
  const isRestarting = RESTARTING.has(reason.code)
  const hint = isRestarting || reason.code === GOING_AWAY ? readReconnectHint(reason.message) : null
  const ms = hint ?? (isRestarting ? RESTART_MIN_MS + chance * RESTART_SPREAD_MS : null)
  return ms === null ? null : { ms, isSpread: true }
}

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. The date is compared with the
 * server's `Date`, because clocks differ. A date without `Date` is ignored.
 */
function retryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after') ?? ''
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const delay = readDate(value) - readDate(headers.get('date') ?? '')
  return delay >= 0 ? delay : null
}

/** Returns milliseconds, or `NaN` if the text is not an IMF-fixdate (RFC 9110 §5.6.7). */
function readDate(text: string): number {
  // oxlint-disable-next-line no-restricted-globals -- it reads a text, and not the time
  return /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) ? Date.parse(text) : NaN
}

function mayReconnectAfter(code: number): boolean {
  if (code >= 4400 && code < FROZEN) return !isFinalStatus(code - HTTP_LIKE_CODES)
  return !FINAL_CODES.has(code)
}

function isFinalStatus(status: number): boolean {
  return status >= 400 && status < 500 && !PASSING_STATUSES.has(status)
}
