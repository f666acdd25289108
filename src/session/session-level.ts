/**
 * What a session core asks of the level of its session.
 */

import type { FrameSink } from '../protocol/internal.ts'

/** What differs between a raw and a default session. */
export interface SessionLevel {
  /** Where the decoder puts its frames. */
  readonly sink: FrameSink
  /** Whether the peer's fragments are gathered into messages, so that their sum is limited too. */
  readonly gathersMessages: boolean
  /** Bytes of messages that have arrived in part. */
  readonly heldBytes: number
  /** Lets go of them. */
  discard(): void
  /** Bytes of any kind have arrived. */
  heard(): void
  /** Reading is held back, or goes on again. */
  readingPaused(paused: boolean): void
  /** The end has begun: nothing is to be started any more. */
  ending(): void
}
