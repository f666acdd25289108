/**
 * Waits for a promise until a signal aborts.
 */

import { addAbortListener, Deferred, removeAbortListener } from '../../base/internal.ts'

/**
 * Settles as `promise` does, or rejects with the signal's reason if it aborts first. The listener
 * on the signal is removed at the end.
 *
 * @param late called with the value if the promise resolves after the signal has aborted. A later
 *   rejection is ignored.
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
