/**
 * What a test finds out by an error: an upgrade that was refused, a handler that never ends.
 */

import { TowpathError } from '../base/index.ts'
import type { TestResponse } from './test-response.ts'

/** The application answered a request to upgrade with something else than 101. */
export class UpgradeRefusedError extends TowpathError {
  override readonly name = 'UpgradeRefusedError'
  readonly code = 'TOWPATH_UPGRADE_REFUSED'

  /** The HTTP status, 200 to 599; 404 when no route has the path. */
  readonly status: number

  /** The headers of the answer. */
  readonly headers: Headers

  /** The body of the answer as text; `''` when it had none. */
  readonly body: string

  constructor(path: string, response: TestResponse) {
    super(`Cannot connect to ${path}: the upgrade was refused with ${response.status}`)
    this.status = response.status
    this.headers = response.headers
    this.body = response.body
  }
}

/**
 * The block of `withTestApplication` has ended and all sessions were dropped, but some handlers go on: they
 * wait for something that has nothing to do with their session.
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
