/**
 * The pongs of a session, for code that sends pings of its own.
 */

import type { DefaultWebSocketSession } from '../session.ts'
import { LiveSession } from './live-session.ts'

/**
 * Calls `listener` with the payload of each pong from now on. The listener must not throw. A
 * session that is not one of an engine, such as a test's own object, has no pongs to report.
 */
export function watchPongs(
  session: DefaultWebSocketSession,
  listener: (payload: Uint8Array) => void,
): void {
  if (session instanceof LiveSession) session.core.pingsFor('pongs').listen(listener)
}
