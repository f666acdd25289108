/**
 * Questions about values that come from user code: a thrown value or a returned value can be anything,
 * also a Proxy or an object whose getters throw.
 */

/** Whether `value` is an instance of `constructor`. Returns `false` where asking throws (a Proxy's trap). */
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
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' && typeof value !== 'function') return false
  return value !== null && 'then' in value && typeof value.then === 'function'
}
