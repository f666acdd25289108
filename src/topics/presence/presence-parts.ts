/**
 * What the parts of presence share.
 */

import type { TimerWheel } from '../../base/internal.ts'
import type { WebSocketSession } from '../../session/index.ts'
import type { PresenceNodes } from './presence-nodes.ts'

/** What presences share. */
export interface PresenceParts {
  readonly timers: TimerWheel
  readonly graceMs: number
  readonly lingerMs: number
  readonly maxMetaBytes: number
  readonly nodes: PresenceNodes
  /** Whether no other process can be on the broker. */
  readonly isAlone: boolean
  /** Whether the broker can be used. */
  readonly isUp: () => boolean
  readonly listen: (topic: string) => void
  readonly unlisten: (topic: string) => void
  /** A function that the application gave for a session has failed. */
  readonly failed: (error: unknown, session: WebSocketSession) => void
}
