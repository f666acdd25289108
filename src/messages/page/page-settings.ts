/**
 * The options of a page, checked.
 */

import { sumInMilliseconds } from '../../base/internal.ts'
import type { Duration } from '../../base/index.ts'
import { ignore } from '../link/outbox.ts'
import type { LinkSettings } from '../link/port.ts'
import { ACT, readLimits } from '../settings.ts'
import type { PageOptions } from './page-types.ts'

const NAMES: readonly string[] = [
  'codecs',
  'requestTimeout',
  'maxRequests',
  'credit',
  'readAhead',
  'features',
] satisfies Array<keyof PageOptions>

/**
 * The settings of a page: nothing is validated, and no entry is known.
 *
 * @throws {TypeError | RangeError} for an unknown option or an invalid value, naming it.
 */
export function readPageSettings(options: PageOptions): Omit<LinkSettings, 'codec'> {
  return {
    side: 'client',
    contract: null,
    ...readLimits(options, NAMES, readTersely),
    validatesIncoming: false,
    validatesOutgoing: false,
    closesAtInvalidEvents: false,
    onInvalid: ignore,
  }
}

/** A duration, in fewer bytes than `toMilliseconds`. */
function readTersely(duration: Duration, what: string): number {
  const ms = sumInMilliseconds(duration)
  if (ms >= 0 && ms < Infinity) return ms
  throw new RangeError(`Cannot ${ACT}: option "${what}" is invalid, expected a duration`)
}
