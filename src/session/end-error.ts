/**
 * Which errors only say that a session is ending: they are no failure of the code that throws them.
 */

import { ScopeEndedError } from '../base/index.ts'
import { isInstance } from '../base/internal.ts'
import { ClosedReceiveChannelError, ClosedSendChannelError } from '../channels/index.ts'

/**
 * Whether `error`, thrown while a session was ending, only says so.
 *
 * @param cause what the session ended with; `null` if nothing went wrong.
 */
export function isEndError(error: unknown, cause: Error | null): boolean {
  return (
    (cause !== null && error === cause) ||
    isInstance(error, ClosedReceiveChannelError) ||
    isInstance(error, ClosedSendChannelError) ||
    isInstance(error, ScopeEndedError) ||
    isAbortError(error)
  )
}

/** Whether a wait on a signal of the session or its call was aborted. Node wraps such errors. */
function isAbortError(error: unknown): boolean {
  try {
    return error instanceof Error && error.name === 'AbortError'
  } catch {
    // A proxy, or a getter, that throws.
    return false
  }
}
