/**
 * The error of a stream whose connection was lost.
 */

import { TowpathError } from '../base/index.ts'

/** The connection of a stream ended without a Close frame: what was read may be incomplete. */
export class ConnectionCutError extends TowpathError {
  override readonly name = 'ConnectionCutError'
  readonly code = 'TOWPATH_CONNECTION_CUT'

  /** @param cause the failure of the transport; `null` if the connection just ended. */
  constructor(cause: Error | null) {
    super(
      'Cannot read on: the connection ended without a Close frame',
      cause === null ? undefined : { cause },
    )
  }
}
