/**
 * Passes the frames of a session to its link.
 */

import type { Link } from './link.ts'
import type { CarrierSession } from './session-port.ts'

/** Passes the frames of a session to `link`, while it has room. Never rejects. */
export async function readSession(session: CarrierSession, link: Link): Promise<void> {
  // A link without room learns of the end, too.
  void session.closed.then(({ reason }) => {
    let next = session.incoming.tryReceive()
    for (; next.type === 'value'; next = session.incoming.tryReceive()) link.take(next.value)
    link.end(next.type === 'closed' ? next.cause : null, reason)
  })
  for (;;) {
    if (link.room !== null) await link.room
    let next = session.incoming.tryReceive()
    if (next.type === 'empty') next = await session.incoming.receiveCatching()
    if (next.type === 'closed') {
      // It is known once the session has begun to end; an application may cancel `incoming` before.
      const reason = session.outgoing.isClosedForSend ? await session.closeReason : null
      link.end(next.cause, reason)
      return
    }
    link.take(next.value)
  }
}
