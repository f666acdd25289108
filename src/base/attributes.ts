/**
 * Values under typed keys, so that plugins need no fields of their own on an object (Ktor:
 * `Attributes`).
 */

import { TowpathError } from './errors.ts'

/**
 * Names an attribute and its type. Keys are compared by identity: two with the same name are two
 * keys.
 *
 * @example
 * const User = new AttributeKey<{ name: string }>('User')
 * call.attributes.put(User, { name: 'Ada' })
 * call.attributes.get(User).name // string
 */
export class AttributeKey<T> {
  /** The name in error messages. */
  readonly name: string

  /**
   * Does not exist at run time: it lets the compiler distinguish keys of different types. Not
   * `private`, because declarations omit the types of private fields.
   */
  declare protected readonly valueType: T

  constructor(name: string) {
    this.name = name
  }
}

/** No value has been put under `key`. */
export class MissingAttributeError extends TowpathError {
  override readonly name = 'MissingAttributeError'
  readonly code = 'TOWPATH_MISSING_ATTRIBUTE'
  readonly key: AttributeKey<unknown>

  constructor(key: AttributeKey<unknown>) {
    super(`Cannot get attribute "${key.name}": it is not set, expected attributes.put() before it`)
    this.key = key
  }
}

/** Values under typed keys. `undefined` and `null` are valid values. */
export class Attributes {
  // Created by the first put: most objects have no attributes.
  #values: Map<AttributeKey<unknown>, unknown> | null = null

  /** All keys that have a value, in the order in which they were first put; a copy. */
  get keys(): ReadonlyArray<AttributeKey<unknown>> {
    return this.#values === null ? [] : [...this.#values.keys()]
  }

  /** Sets the value under `key`, and replaces an earlier one. */
  put<T>(key: AttributeKey<T>, value: NoInfer<T>): void {
    this.#values ??= new Map()
    this.#values.set(key, value)
  }

  /** Returns the value under `key`. @throws {MissingAttributeError} if there is none. */
  get<T>(key: AttributeKey<T>): T {
    if (!this.contains(key)) throw new MissingAttributeError(key)
    return this.#read(key)
  }

  /** Returns the value under `key`; `null` if there is none. */
  getOrNull<T>(key: AttributeKey<T>): T | null {
    return this.contains(key) ? this.#read(key) : null
  }

  /** Whether there is a value under `key`. */
  contains(key: AttributeKey<unknown>): boolean {
    return this.#values !== null && this.#values.has(key)
  }

  /** Removes the value under `key`. @returns whether there was one. */
  remove(key: AttributeKey<unknown>): boolean {
    return this.#values !== null && this.#values.delete(key)
  }

  /**
   * Returns the value under `key`. If there is none, calls `compute` and stores its result first.
   */
  computeIfAbsent<T>(key: AttributeKey<T>, compute: () => NoInfer<T>): T {
    if (!this.contains(key)) this.put(key, compute())
    return this.#read(key)
  }

  /** Returns the value of a key that exists. */
  #read<T>(key: AttributeKey<T>): T {
    // put() accepts only a T under an AttributeKey<T>.
    return this.#values?.get(key) as T
  }
}
