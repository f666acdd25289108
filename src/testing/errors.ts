/**
 * What a test finds out by an error: a handler that never ends.
 */

import { TowpathError } from '../base/index.ts'

/**
 * The block of `withTestApplication` has ended and all sessions were dropped, but some handlers go
 * on: they wait for something that has nothing to do with their session.
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
