/**
 * Listeners of an abort signal that many callers share, such as the one that ends a whole program.
 *
 * Node 20 prints a warning about a leak for a signal with 11 listeners. A signal that ends 11
 * connections has no leak: all listeners that are added here share one listener of the signal.
 */

const LISTENERS = new WeakMap<AbortSignal, Shared>()

/** The listeners of one signal, and the one listener that the signal itself has. */
interface Shared {
  readonly listeners: Set<() => void>
  readonly run: () => void
}

/**
 * Calls `listener` when `signal` fires. A signal that has fired already calls it never, as
 * `addEventListener` does.
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

/** The signal forgets `listener`, and with the last one that it was ever asked for one. */
export function removeAbortListener(signal: AbortSignal, listener: () => void): void {
  const shared = LISTENERS.get(signal)
  if (shared?.listeners.delete(listener) === true && shared.listeners.size === 0) {
    signal.removeEventListener('abort', shared.run)
  }
}
