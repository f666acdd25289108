/**
 * The parts that a link may have.
 */

import type { Answers } from './answers.ts'
import type { Checks, ChecksOwner } from './checks.ts'
import type { LinkParts } from './parts.ts'

/**
 * What a link can do beside sending events and asking for one value. A page loads only the parts
 * that it takes.
 */
export interface LinkFeatures {
  /** `null`: the entries are not known here, and nothing is validated. */
  readonly createChecks: ((owner: ChecksOwner) => Checks) | null
  /** `null`: requests of the peer are answered with `UNKNOWN`. */
  readonly createAnswers: ((link: LinkParts) => Answers) | null
}
