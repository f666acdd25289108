/**
 * What a session can fail with beyond the errors of its channels and of the protocol.
 */

import { TowpathError } from '../base/index.ts'

/** The peer was silent for too long after a ping; the session was failed with 1011 `Ping timeout`. */
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
