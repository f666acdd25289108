/**
 * Questions about values that come from user code. A thrown or returned value can be anything, also
 * a Proxy or an object whose getters throw.
 */

/**
 * Whether `value` is an instance of `constructor`. Returns `false` if the check throws (a trap of a
 * Proxy).
 */
export function isInstance<Instance>(
  value: unknown,
  // `never[]` accepts the constructor of any class.
  constructor: new (...args: never[]) => Instance,
): value is Instance {
  try {
    return value instanceof constructor
  } catch {
    return false
  }
}

/**
 * Whether `value` is a promise, of any realm or library, that has to be awaited.
 *
 * @throws what a getter named `then` throws.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (typeof value !== 'object' && typeof value !== 'function') return false
  return value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * A thrown value as an Error: itself, or an Error that says that something else was thrown.
 *
 * @param what what failed, for the message: `the handler`.
 */
export function asError(thrown: unknown, what: string): Error {
  if (isInstance(thrown, Error)) return thrown
  return new TypeError(`Cannot tell why ${what} failed: the thrown value is not an Error`)
}

/** For messages: a number as itself, anything else by its kind, because values may be secrets. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number') return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
