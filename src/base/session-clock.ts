/**
 * The clock that a session lives by, for code above sessions that needs time: typed messages.
 *
 * Sessions of every platform have it beside their public members. In tests it is virtual.
 */

import type { Clock } from './clock.ts'

/** An object with a clock. */
export interface HasClock {
  readonly clock: Clock
}

/**
 * Returns the clock of `session`.
 *
 * @param act what needs it, for the message.
 * @throws {TypeError} if `session` is not a session of Towpath.
 */
export function sessionClockOf(act: string, session: object): Clock {
  if ('clock' in session) return (session as HasClock).clock // sessions have no other member of that name
  throw new TypeError(
    `Cannot ${act}: the session is not one of Towpath's, expected a session of a route or of a client`,
  )
}
