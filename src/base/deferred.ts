/** A promise that is settled from the outside. */

/** A promise together with the two calls that settle it. Only the first call has an effect. */
export class Deferred<T> {
  readonly promise: Promise<T>
  #resolve: ((value: T) => void) | null = null
  #reject: ((reason: unknown) => void) | null = null

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Whether `resolve` or `reject` has been called. */
  get isSettled(): boolean {
    return this.#resolve === null
  }

  /**
   * Settles the promise with `value`. @returns whether this call settled it; `false` if it was
   * settled before.
   */
  resolve(value: T): boolean {
    const resolve = this.#resolve
    if (resolve === null) return false
    this.#release()
    resolve(value)
    return true
  }

  /**
   * Rejects the promise with `reason`, which its owner has to handle. @returns the same as
   * `resolve`.
   */
  reject(reason: unknown): boolean {
    const reject = this.#reject
    if (reject === null) return false
    this.#release()
    reject(reason)
    return true
  }

  #release(): void {
    this.#resolve = null
    this.#reject = null
  }
}

/**
 * Marks `promise` as handled, and returns it: its rejection ends no process if the promise is not
 * awaited. For rejections that only say that something has ended. Callers that await it still get
 * the rejection.
 */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore)
  return promise
}

/** Calls `next` with `value`: at once, or when the promise for it has resolved. */
export function whenKnown<T, R>(
  value: T | Promise<T>,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  // oxlint-disable-next-line promise/no-callback-in-promise -- `next` is called once, in one way or the other
  return value instanceof Promise ? value.then(next) : next(value)
}

function ignore(): void {
  // Ignored on purpose.
}

/** Returns a promise that is rejected with `reason`; its owner has to handle it. */
export function rejected(reason: unknown): Promise<never> {
  const deferred = new Deferred<never>()
  deferred.reject(reason)
  return deferred.promise
}
