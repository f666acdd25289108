/**
 * Waiting for a promise, and not longer than a signal lets us.
 */

import { addAbortListener, Deferred, removeAbortListener } from '../../base/internal.ts'

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
  addAbortListener(signal, onAborted)
  if (signal.aborted) onAborted()

  promise.then(
    (value) => {
      removeAbortListener(signal, onAborted)
      if (!outcome.resolve(value)) late?.(value)
    },
    (error: unknown) => {
      removeAbortListener(signal, onAborted)
      outcome.reject(error)
    },
  )
  return outcome.promise
}
