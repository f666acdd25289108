/**
 * Reports to a session that the operating system has taken all of its bytes.
 *
 * Node runs the callback of a write in the async context of the code that wrote. That code may
 * belong to another user: one flush at the end of a turn writes for all sessions. The session then
 * takes the next messages from its queue and calls functions of users for them (`compressIf`, for
 * example), which must not see the store of the first user.
 */

import { rootContext } from '../../../application/internal.ts'
import type { TransportReceiver } from '../../../session/index.ts'

/** Calls `receiver.drained()` outside every async context. */
export function reportDrained(receiver: TransportReceiver | null): void {
  if (receiver !== null) rootContext.run(() => receiver.drained())
}
