/** Calls of code that must not be able to break its caller: hooks and observers. */

/**
 * Returns what `call` returns; `otherwise` if it throws.
 *
 * @param report is given what `call` throws.
 */
export function callSafely<T>(call: () => T, otherwise: T, report: (error: unknown) => void): T {
  try {
    return call()
  } catch (error) {
    report(error)
    return otherwise
  }
}

/**
 * Calls `task` by `run`, once: `task` is also called if `run` throws without having called it.
 *
 * @param report is given what `run` itself throws.
 * @returns what `task` returns, or throws what it throws.
 */
export function runOnce<T>(
  run: (task: () => T) => T,
  task: () => T,
  report: (error: unknown) => void,
): T {
  let outcome: { readonly value: T } | { readonly error: unknown } | null = null
  const once = (): T => {
    try {
      const value = task()
      outcome = { value }
      return value
    } catch (error) {
      outcome = { error }
      throw error
    }
  }
  try {
    return run(once)
  } catch (error) {
    // Assigned by `once`, which the compiler does not see.
    const known = outcome as { readonly value: T } | { readonly error: unknown } | null
    if (known !== null && 'error' in known && known.error === error) throw error
    report(error)
    if (known === null) return task()
    if ('error' in known) throw known.error
    return known.value
  }
}
