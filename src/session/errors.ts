/**
 * What a session can fail with beyond the errors of its channels and of the protocol.
 */

import { TowpathError } from '../base/index.ts'

/**
 * The peer was silent for too long after a ping; the session was failed with 1011 `Ping timeout`.
 */
export class PingTimeoutError extends TowpathError {
  override readonly name: string = 'PingTimeoutError'
  readonly code: string = 'TOWPATH_PING_TIMEOUT'
  /** How long we waited, in milliseconds. */
  readonly timeoutMs: number

  constructor(timeoutMs: number) {
    super(`Cannot go on with the session: nothing was heard for ${timeoutMs} ms after a ping`)
    this.timeoutMs = timeoutMs
  }
}

/** The peer sent more, or more often, than it may: 1008. */
export class RateLimitError extends TowpathError {
  override readonly name: string = 'RateLimitError'
  readonly code: string = 'TOWPATH_RATE_LIMIT'
  /** Which limit. */
  readonly limitName: 'maxMessagesPerSecond' | 'maxBytesPerSecond' | 'maxControlFramesPerSecond'
  /** What is allowed, in messages, bytes or frames per second. */
  readonly perSecond: number

  constructor(limitName: RateLimitError['limitName'], perSecond: number) {
    super(`Cannot accept more from the peer: ${limitName} is ${perSecond}`)
    this.limitName = limitName
    this.perSecond = perSecond
  }
}

/**
 * The session has lasted longer, or stood still for longer, than it may. What the peer is told
 * depends on the limit: 1001 for `idleTimeout` and `maxSessionDuration`; nothing (1006) for
 * `writeTimeout`, because a peer that does not read cannot be told; `closeTimeout` ends a closing
 * that has begun for another reason.
 */
export class SessionTimeoutError extends TowpathError {
  override readonly name: string = 'SessionTimeoutError'
  readonly code: string = 'TOWPATH_SESSION_TIMEOUT'
  /** Which limit. */
  readonly limitName: 'closeTimeout' | 'writeTimeout' | 'idleTimeout' | 'maxSessionDuration'
  /** What is allowed, in milliseconds. */
  readonly limitMs: number

  constructor(limitName: SessionTimeoutError['limitName'], limitMs: number) {
    super(`Cannot go on with the session: ${limitName} of ${limitMs} ms has passed`)
    this.limitName = limitName
    this.limitMs = limitMs
  }
}

/**
 * Sessions together hold more bytes than `memoryBudget` allows, and this one is among the
 * greediest: 1013.
 */
export class MemoryBudgetError extends TowpathError {
  override readonly name: string = 'MemoryBudgetError'
  readonly code: string = 'TOWPATH_MEMORY_BUDGET'
  /** What all sessions held, in bytes. */
  readonly used: number
  /** What they may hold, in bytes. */
  readonly limit: number

  constructor(used: number, limit: number) {
    super(`Cannot hold more in memory: sessions hold ${used} bytes, and ${limit} bytes are allowed`)
    this.used = used
    this.limit = limit
  }
}
