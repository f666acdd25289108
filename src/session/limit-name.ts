/**
 * The limits of a session by name: the name of the option that sets one is the name in events and
 * counters.
 */

import { CompressionRatioError } from '../extensions/index.ts'
import { FrameTooBigError, TooManyFragmentsError } from '../protocol/internal.ts'
import { MemoryBudgetError, RateLimitError, SessionTimeoutError } from './errors.ts'

/** A limit that can end a session. */
export type SessionLimitName =
  | 'maxFrameSize'
  | 'maxMessageSize'
  | 'maxFragments'
  /** An option of `permessageDeflate`. */
  | 'maxRatio'
  | 'maxMessagesPerSecond'
  | 'maxBytesPerSecond'
  | 'maxControlFramesPerSecond'
  | 'channels.incoming'
  | 'channels.outgoing'
  | 'closeTimeout'
  | 'writeTimeout'
  | 'idleTimeout'
  | 'maxSessionDuration'
  | 'memoryBudget'

/** The limit that `error` says was reached; `null` if it says nothing of the kind. */
export function limitOf(error: Error): SessionLimitName | null {
  if (error instanceof FrameTooBigError) {
    return error.what === 'frame' ? 'maxFrameSize' : 'maxMessageSize'
  }
  if (error instanceof TooManyFragmentsError) return 'maxFragments'
  if (error instanceof CompressionRatioError) return 'maxRatio'
  if (error instanceof RateLimitError || error instanceof SessionTimeoutError)
    return error.limitName
  return error instanceof MemoryBudgetError ? 'memoryBudget' : null
}
