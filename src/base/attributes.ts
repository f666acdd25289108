/**
 * Values that are attached to a thing under typed keys, so that plugins need no fields of their own
 * on it (Ktor: `Attributes`).
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
  /** For people, in messages. */
  readonly name: string

  /**
   * Never there at run time: it lets the compiler tell keys of different types apart. Not
   * `private`, whose type the declarations would leave out.
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
    super(`Cannot get attribute "${key.name}": nothing has been put under it`)
    this.key = key
  }
}

/** Values under typed keys. `undefined` and `null` are values like others. */
export class Attributes {
  // Made by the first put: most things have no attributes.
  #values: Map<AttributeKey<unknown>, unknown> | null = null

  /** All keys that have a value, in the order in which they were first put; a copy. */
  get keys(): ReadonlyArray<AttributeKey<unknown>> {
    return this.#values === null ? [] : [...this.#values.keys()]
  }

  /** Sets the value under `key`, in place of one that was there. */
  put<T>(key: AttributeKey<T>, value: NoInfer<T>): void {
    this.#values ??= new Map()
    this.#values.set(key, value)
  }

  /** The value under `key`. @throws {MissingAttributeError} if there is none. */
  get<T>(key: AttributeKey<T>): T {
    if (!this.contains(key)) throw new MissingAttributeError(key)
    return this.#read(key)
  }

  /** The value under `key`; `null` if there is none. */
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

  /** The value under `key`; if there is none, what `compute` returns, which is put there first. */
  computeIfAbsent<T>(key: AttributeKey<T>, compute: () => NoInfer<T>): T {
    if (!this.contains(key)) this.put(key, compute())
    return this.#read(key)
  }

  /** The key is known to be there. */
  #read<T>(key: AttributeKey<T>): T {
    // put() let nothing but a T in under an AttributeKey<T>.
    return this.#values?.get(key) as T
  }
}
