/**
 * The names of the limits of a session. Events and counters use the name of the option that sets
 * the limit.
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

/** Returns the limit that `error` reports; `null` if the error is not about a limit. */
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
