/**
 * Adds listeners to an abort signal that many callers share, such as a signal that ends a whole
 * program.
 *
 * Node 20 prints a warning about a leak for a signal with 11 listeners. A signal that ends 11
 * connections has no leak: all listeners that are added here share one listener of the signal.
 */

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
