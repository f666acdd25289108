/**
 * What a connection that comes back cannot do: send while it is away, and come back for ever.
 */

import { TowpathError } from '../../base/index.ts'
import type { Setback } from './reconnect-state.ts'

/** There is no session at the moment, and frames are not kept (`whileAway: 'reject'`). It has not been sent. */
export class NotConnectedError extends TowpathError {
  override readonly name = 'NotConnectedError'
  readonly code = 'TOWPATH_NOT_CONNECTED'

  /** What was not sent. */
  readonly value: unknown

  constructor(value: unknown) {
    super('Cannot send: there is no session at the moment, expected the state "open"')
    this.value = value
  }
}

/** The connection is over, and not because it was closed on this side. */
export class ConnectionLostError extends TowpathError {
  override readonly name = 'ConnectionLostError'
  readonly code = 'TOWPATH_CONNECTION_LOST'

  /**
   * `final`: coming back would not help, because the close code, the refusal or `shouldReconnect` says so; `exhausted`:
   * `maxAttempts` or `maxElapsed` is used up.
   */
  readonly why: 'final' | 'exhausted'

  /** What happened last. */
  readonly setback: Setback

  constructor(why: ConnectionLostError['why'], setback: Setback) {
    const cause = setback.error ?? setback.info?.cause ?? undefined
    super(
      why === 'final'
        ? 'Cannot go on with the connection: coming back would not help'
        : 'Cannot go on with the connection: all attempts are used up',
      { cause },
    )
    this.why = why
    this.setback = setback
  }
}
