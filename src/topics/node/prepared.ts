/**
 * What is sent to many sessions alike, ready to be sent.
 */

import { Frame } from '../../protocol/index.ts'
import type { Outbound } from '../../session/index.ts'

/**
 * Prepares what is sent to many sessions: one place, so that all of topics gains from what sessions
 * can share.
 */
export function prepare(data: Outbound): Outbound {
  const isPreparable =
    typeof data === 'string' ||
    data instanceof Uint8Array ||
    ((data instanceof Frame.Text || data instanceof Frame.Binary) && data.fin)
  return isPreparable ? Frame.prepare(data) : data
}
