/**
 * The errors of a reconnecting connection: sending without a session, and giving up.
 */

import { TowpathError } from '../../base/index.ts'
import type { Setback } from './reconnect-state.ts'

/** There is no session, and frames are not kept (`whileAway: 'reject'`). The frame was not sent. */
export class NotConnectedError extends TowpathError {
  override readonly name = 'NotConnectedError'
  readonly code = 'TOWPATH_NOT_CONNECTED'

  /** The frame that was not sent. */
  readonly value: unknown

  constructor(value: unknown) {
    super('Cannot send: the connection has no session, expected the state "open"')
    this.value = value
  }
}

/** The connection has ended, and this side did not close it. */
export class ConnectionLostError extends TowpathError {
  override readonly name = 'ConnectionLostError'
  readonly code = 'TOWPATH_CONNECTION_LOST'

  /**
   * `final`: reconnecting cannot help, because of the close code, the refusal or `shouldReconnect`.
   * `exhausted`: `maxAttempts` or `maxElapsed` is reached.
   */
  readonly why: 'final' | 'exhausted'

  /** The last setback. */
  readonly setback: Setback

  constructor(why: ConnectionLostError['why'], setback: Setback) {
    const cause = setback.error ?? setback.info?.cause ?? undefined
    const after = setback.info ? `close code ${setback.info.reason.code}` : 'a failed attempt'
    const limit = 'maxAttempts or maxElapsed is reached'
    const fact = why === 'final' ? 'this is final unless shouldReconnect returns true' : limit
    super(`Cannot reconnect after ${after}: ${fact}`, { cause })
    this.why = why
    this.setback = setback
  }
}
