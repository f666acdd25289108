/**
 * Waiting for a promise, and not longer than a signal lets us.
 */

import { Deferred } from '../base/internal.ts'

/**
 * Resolves or rejects as `promise` does, or rejects with the signal's reason when that fires before. Listens to the
 * signal no longer than it waits.
 *
 * @param late is given what the promise resolves with when nobody waits for it any more; what it rejects with then is
 *   nobody's business.
 */
export function untilAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  late?: (value: T) => void,
): Promise<T> {
  const outcome = new Deferred<T>()
  const onAborted = (): void => void outcome.reject(signal.reason)
  signal.addEventListener('abort', onAborted)
  if (signal.aborted) onAborted()

  promise.then(
    (value) => {
      signal.removeEventListener('abort', onAborted)
      if (!outcome.resolve(value)) late?.(value)
    },
    (error: unknown) => {
      signal.removeEventListener('abort', onAborted)
      outcome.reject(error)
    },
  )
  return outcome.promise
}
