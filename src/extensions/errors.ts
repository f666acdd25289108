/**
 * What can be wrong with the extensions of a route.
 */

import { TowpathError } from '../base/index.ts'

/** Two extensions of one list cannot work together: they claim the same reserved bit, or have the same name. */
export class ExtensionConflictError extends TowpathError {
  override readonly name: string = 'ExtensionConflictError'
  readonly code: string = 'TOWPATH_EXTENSION_CONFLICT'

  /** The names of the two, in the order of the list. */
  readonly extensions: readonly [string, string]

  /** What both claim: `RSV1`, `RSV2`, `RSV3` or `the name`. */
  readonly claim: string

  constructor(act: string, extensions: readonly [string, string], claim: string) {
    super(
      `Cannot ${act}: extensions "${extensions[0]}" and "${extensions[1]}" both claim ${claim}, expected one`,
    )
    this.extensions = extensions
    this.claim = claim
  }
}
