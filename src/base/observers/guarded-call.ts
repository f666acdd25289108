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
 * Calls `task` by `run`, exactly once: later calls by `run` are ignored, and a `run` that throws or
 * returns without having called `task` does not prevent the call.
 *
 * @param report is given what `run` itself throws.
 * @returns what `task` returns, whatever `run` returns.
 * @throws what `task` throws.
 */
export function runOnce<T>(
  run: (task: () => T) => unknown,
  task: () => T,
  report: (error: unknown) => void,
): T {
  let outcome: Outcome<T> | null = null
  const settle = (): Outcome<T> => {
    outcome ??= outcomeOf(task)
    return outcome
  }
  try {
    run(() => valueOf(settle()))
  } catch (error) {
    const { type, value } = settle()
    if (type === 'returned' || error !== value) report(error)
  }
  return valueOf(settle())
}

type Outcome<T> =
  | { readonly type: 'returned'; readonly value: T }
  | { readonly type: 'threw'; readonly value: unknown }

function outcomeOf<T>(task: () => T): Outcome<T> {
  try {
    return { type: 'returned', value: task() }
  } catch (error) {
    return { type: 'threw', value: error }
  }
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.type === 'threw') throw outcome.value
  return outcome.value
}
