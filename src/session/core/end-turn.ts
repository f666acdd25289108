/**
 * The end of a turn of writing, for code that sends to many sessions one after another.
 */

import type { WebSocketSession } from '../session.ts'
import { outputOf } from '../writing/output.ts'
import { LiveSession } from './live-session.ts'

/**
 * Writes out what all sessions of one environment have been sent in this turn. Called after a group
 * of sessions, whose objects are then still in the processor's cache. A session that is not one of
 * an engine, such as a test's own object, writes at its own time.
 *
 * @param session any of these sessions.
 */
export function endTurnOf(session: WebSocketSession): void {
  if (session instanceof LiveSession) outputOf(session.core.environment).endTurn()
}
