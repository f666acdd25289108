/**
 * What can be wrong with the extensions of a route, and with what a peer compresses.
 */

import { TowpathError } from '../base/index.ts'
import { ProtocolViolation } from '../protocol/internal.ts'

/**
 * Two extensions of one list cannot work together: they claim the same reserved bit, or have the
 * same name.
 */
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

/**
 * A message of the peer became so much larger than what arrived that it looks like an attack; found
 * while inflating.
 */
export class CompressionRatioError extends ProtocolViolation {
  override readonly name: string = 'CompressionRatioError'
  readonly code: string = 'TOWPATH_COMPRESSION_RATIO'
  readonly closeCode: number = 1009

  /** What had come out when we stopped, in bytes. */
  readonly size: number

  /** How many times larger than what arrived a message may be. */
  readonly maxRatio: number

  constructor(size: number, maxRatio: number) {
    super(`Cannot inflate message past ${size} bytes: it may be ${maxRatio} times what arrived`)
    this.size = size
    this.maxRatio = maxRatio
  }
}
