/**
 * Listens to an abort signal that many callers share, such as a signal that ends a whole program.
 *
 * Node 20 prints a warning about a leak for a signal with 11 listeners. A signal that ends 11
 * connections has no leak: all listeners that are added here share one listener of the signal.
 */

import { Deferred } from './deferred.ts'

const LISTENERS = new WeakMap<AbortSignal, Shared>()

/** The listeners of one signal, and the one listener that the signal has. */
interface Shared {
  readonly listeners: Set<() => void>
  readonly run: () => void
}

/**
 * Calls `listener` when `signal` aborts. If it has already aborted, `listener` is never called, as
 * with `addEventListener`.
 */
export function addAbortListener(signal: AbortSignal, listener: () => void): void {
  let shared = LISTENERS.get(signal)
  if (shared === undefined) {
    const listeners = new Set<() => void>()
    shared = { listeners, run: () => listeners.forEach((each) => each()) }
    LISTENERS.set(signal, shared)
  }
  if (shared.listeners.size === 0) signal.addEventListener('abort', shared.run)
  shared.listeners.add(listener)
}

/** Removes `listener`; with the last one, also the listener of the signal. */
export function removeAbortListener(signal: AbortSignal, listener: () => void): void {
  const shared = LISTENERS.get(signal)
  if (shared?.listeners.delete(listener) === true && shared.listeners.size === 0) {
    signal.removeEventListener('abort', shared.run)
  }
}

/**
 * Settles as `promise` does, or rejects with the signal's reason if it aborts first. No listener is
 * left when `promise` has settled.
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
