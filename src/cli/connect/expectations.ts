/**
 * What the user expects to receive: a number of messages, and messages that match JSON.
 */

import { quoted } from '../arguments.ts'
import { UsageError } from '../exit-code.ts'

/** Counts and compares messages. */
export class Expectations {
  readonly #expected: readonly unknown[]
  readonly #count: number | null
  #received = 0
  #found = 0

  /**
   * @param expected JSON texts. Messages must match them in this order; others may come between.
   * @param count the number of messages to receive; `null`: any.
   * @throws {UsageError} for a text that is not JSON.
   */
  constructor(expected: readonly string[], count: number | null) {
    this.#expected = expected.map(readJson)
    this.#count = count
  }

  /** Whether anything is expected. */
  get isAny(): boolean {
    return this.#count !== null || this.#expected.length > 0
  }

  /** Whether everything that is expected has been received; never if nothing is. */
  get isMet(): boolean {
    return this.isAny && this.missing === null
  }

  /** What is missing, as a sentence to print; `null` if nothing is. */
  get missing(): string | null {
    const next = this.#expected[this.#found]
    if (next !== undefined) {
      return `Cannot find an expected message: ${this.#received} messages came, none of the last matches ${quoted(JSON.stringify(next))}`
    }
    if (this.#count === null || this.#received >= this.#count) return null
    return `Cannot find all messages: ${this.#received} came, expected ${this.#count}`
  }

  /** Takes a message: text or bytes, or the value of an event. */
  take(message: string | Uint8Array | { readonly value: unknown }): void {
    this.#received += 1
    if (this.#found === this.#expected.length || message instanceof Uint8Array) return
    const value = typeof message === 'string' ? parse(message) : message.value
    if (matches(value, this.#expected[this.#found])) this.#found += 1
  }
}

/**
 * Whether `value` has everything of `expected`: objects may have more fields; lists have the same
 * length.
 */
export function matches(value: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(value, expected)
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(expected) !== Array.isArray(value)) return false
  if (Array.isArray(expected) && Array.isArray(value) && expected.length !== value.length) {
    return false
  }
  const given = new Map(Object.entries(value))
  return Object.entries(expected).every(
    ([key, part]) => given.has(key) && matches(given.get(key), part),
  )
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new UsageError(
      `Cannot use --expect: it is ${quoted(text)}, expected JSON such as '{"type":"ready"}'`,
      { cause },
    )
  }
}

/** Returns the value of a JSON text; a text that is not JSON matches nothing. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
