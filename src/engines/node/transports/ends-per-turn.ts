/**
 * Reports the ends of connections to their sessions, a limited number in each turn of the event
 * loop. When a network or a proxy fails, thousands of connections end in one turn: each end costs a
 * session about 50 microseconds.
 */

import { rootContext } from '../../../application/internal.ts'
import { PerTurn } from '../../../base/internal.ts'

/** A transport that has an end to report. */
export interface EndedTransport {
  /** Reports the peer's end, or that the transport is gone. Called once for each `reportEnd`. */
  tellEnd(): void
}

/** About 3 ms of work. */
const ENDS_PER_TURN = 64

/** The ends of all connections of the process. */
const ends = new PerTurn<EndedTransport>(
  {
    // The turn belongs to all connections, so it runs in the async context of none.
    deferPastIo: (task, argument) => rootContext.run(() => void setImmediate(task, argument)),
  },
  ENDS_PER_TURN,
  (transport) => transport.tellEnd(),
)

/** Calls `tellEnd` of `transport`: at once while this turn has room, or in a later turn. */
export function reportEnd(transport: EndedTransport): void {
  ends.add(transport)
}

/** Resolves when every end that was to be reported has been. */
export async function endsReported(): Promise<void> {
  while (!ends.isIdle) await new Promise((resolve) => setImmediate(resolve))
}
