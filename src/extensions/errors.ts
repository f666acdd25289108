/**
 * The errors of extensions: conflicts between installed ones, and compressed messages that exceed
 * the ratio.
 */

import { TowpathError } from '../base/index.ts'
import { ProtocolViolation } from '../protocol/internal.ts'

/**
 * Two extensions of one list cannot be used together: they claim the same reserved bit, or have the
 * same name.
 */
export class ExtensionConflictError extends TowpathError {
  override readonly name: string = 'ExtensionConflictError'
  readonly code: string = 'TOWPATH_EXTENSION_CONFLICT'

  /** The names of both, in the order of the list. */
  readonly extensions: readonly [string, string]

  /** The claim of both: `RSV1`, `RSV2`, `RSV3` or `the name`. */
  readonly claim: string

  constructor(act: string, extensions: readonly [string, string], claim: string) {
    super(
      `Cannot ${act}: extensions "${extensions[0]}" and "${extensions[1]}" both claim ${claim}, expected one`,
    )
    this.extensions = extensions
    this.claim = claim
  }
}

/**
 * A received message inflated to so many times its size that it looks like an attack; found while
 * inflating.
 */
export class CompressionRatioError extends ProtocolViolation {
  override readonly name: string = 'CompressionRatioError'
  readonly code: string = 'TOWPATH_COMPRESSION_RATIO'
  readonly closeCode: number = 1009

  /** The size of the output when inflating stopped, in bytes. */
  readonly size: number

  /** The largest allowed ratio. */
  readonly maxRatio: number

  constructor(size: number, maxRatio: number) {
    super(`Cannot inflate message beyond ${size} bytes: maxRatio is ${maxRatio}`)
    this.size = size
    this.maxRatio = maxRatio
  }
}
