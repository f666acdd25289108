/**
 * What the level of a session asks of the session core.
 */

import type { CloseReason, Frame } from '../protocol/internal.ts'
import type { SessionLimitName } from './limit-name.ts'
import type { PauseReason } from './reading/pause-reasons.ts'
import type { SessionExtensions } from './session-extensions.ts'
import type { Incoming } from './reading/incoming.ts'
import type { Writer } from './writing/writer.ts'

/** The core, as its level sees it. */
export interface LevelHost {
  readonly incoming: Incoming
  readonly writer: Writer
  readonly extensions: SessionExtensions | null
  readonly movedOutAt: number
  readonly bytesWritten: number
  readonly queuedBytes: number
  deliver(frame: Frame, size: number): void
  takesHeartbeat(message: Uint8Array): boolean
  readonly hasHeartbeat: boolean
  admitsControlFrame(): boolean
  readingOver(conclude: () => void): void
  peerClosed(reason: CloseReason | null, answer: boolean): void
  fail(reason: CloseReason, cause: Error, limit?: SessionLimitName | null): void
  finishNow(): void
  pauseReading(reason: PauseReason): void
  resumeReading(reason: PauseReason): void
}
