/** The error of a test whose handlers do not end. */

import { TowpathError } from '../base/index.ts'

/**
 * The block of `withTestApplication` has ended and all sessions were dropped, but some handlers
 * keep running: they wait for something other than their session.
 */
export class HandlersStillRunningError extends TowpathError {
  override readonly name = 'HandlersStillRunningError'
  readonly code = 'TOWPATH_HANDLERS_STILL_RUNNING'

  /** The path of each handler's request, in the order in which they began. */
  readonly paths: readonly string[]

  constructor(paths: readonly string[]) {
    super(
      `Cannot end the test application: handlers still run after their sessions were dropped, for ${paths.join(', ')}`,
    )
    this.paths = paths
  }
}
