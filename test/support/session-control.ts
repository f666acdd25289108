/** The controls of a session that holds nothing and does what it is told. */

import type { SessionControl } from '../../src/application/sessions/session-registry.ts'

/** For registries in tests; replace what a test looks at. */
export const IDLE_CONTROL: SessionControl = {
  environment: { deferPastTurn: (task, argument) => void setImmediate(task, argument) },
  heldBytes: 0,
  keptBytes: 0,
  pings: null,
  ending: null,
  measure: () => ({ incoming: 0, outgoing: 0, received: 0, handed: 0 }),
  goAway: () => {},
  terminate: () => {},
  shed: () => {},
}
