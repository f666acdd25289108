/**
 * The errors of sessions, beyond the errors of channels and of the protocol.
 */

import { TowpathError } from '../base/index.ts'

/**
 * The peer was silent for too long after a ping; the session was failed with 1011 `Ping timeout`.
 */
export class PingTimeoutError extends TowpathError {
  override readonly name: string = 'PingTimeoutError'
  readonly code: string = 'TOWPATH_PING_TIMEOUT'
  /** The timeout, in milliseconds. */
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`Cannot go on with the session: nothing was heard for ${timeoutMs} ms after a ping`)
    this.timeoutMs = timeoutMs
  }
}

/** The peer sent messages, bytes or control frames above a rate limit: 1008. */
export class RateLimitError extends TowpathError {
  override readonly name: string = 'RateLimitError'
  readonly code: string = 'TOWPATH_RATE_LIMIT'
  /** The name of the limit. */
  readonly limitName: 'maxMessagesPerSecond' | 'maxBytesPerSecond' | 'maxControlFramesPerSecond'
  /** The limit, in messages, bytes or frames per second. */
  readonly perSecond: number

  constructor(limitName: RateLimitError['limitName'], perSecond: number) {
    super(`Cannot accept more from the peer: ${limitName} is ${perSecond}`)
    this.limitName = limitName
    this.perSecond = perSecond
  }
}

/**
 * A time limit of the session has passed. `idleTimeout` and `maxSessionDuration` close the session
 * with 1001. `writeTimeout` drops the connection (1006), because a peer that does not read cannot
 * receive a Close frame. `closeTimeout` drops a connection whose closing began for another reason.
 */
export class SessionTimeoutError extends TowpathError {
  override readonly name: string = 'SessionTimeoutError'
  readonly code: string = 'TOWPATH_SESSION_TIMEOUT'
  /** The name of the limit. */
  readonly limitName: 'closeTimeout' | 'writeTimeout' | 'idleTimeout' | 'maxSessionDuration'
  /** The limit, in milliseconds. */
  readonly limitMs: number

  constructor(limitName: SessionTimeoutError['limitName'], limitMs: number) {
    super(`Cannot go on with the session: ${limitName} of ${limitMs} ms has passed`)
    this.limitName = limitName
    this.limitMs = limitMs
  }
}

/**
 * All sessions together hold more bytes than `memoryBudget` allows, and this session is among the
 * largest: 1013.
 */
export class MemoryBudgetError extends TowpathError {
  override readonly name: string = 'MemoryBudgetError'
  readonly code: string = 'TOWPATH_MEMORY_BUDGET'
  /** The bytes that all sessions held. */
  readonly used: number
  /** The bytes that all sessions may hold. */
  readonly limit: number

  constructor(used: number, limit: number) {
    super(`Cannot hold more in memory: sessions hold ${used} bytes, and ${limit} bytes are allowed`)
    this.used = used
    this.limit = limit
  }
}
