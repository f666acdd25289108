/**
 * HTTP headers as received, and the lists in them that a handshake reads (RFC 9110 §5.6, RFC 6455
 * §9.1).
 *
 * Everything here runs in time linear in the length of the header: no regular expression matches a
 * whole value, and nothing is scanned twice.
 */

import { isToken, isTokenCharacter } from './token.ts'

let readRaw: (headers: HttpHeaders) => readonly string[]

/** Returns the list that `headers` were made of. */
export function rawOf(headers: HttpHeaders): readonly string[] {
  return readRaw(headers)
}

/**
 * Read-only headers, in the order in which they came. Names are compared without case.
 *
 * Each lookup searches the list: headers are few, a handshake looks up a dozen, and an index would
 * be a fifth of an idle connection's memory.
 */
export class HttpHeaders implements Iterable<readonly [name: string, value: string]> {
  readonly #raw: readonly string[]

  /** @param raw names and values in turn, like Node's `rawHeaders`; kept, not copied. */
  constructor(raw: readonly string[]) {
    this.#raw = raw
  }

  /**
   * Returns all values of `name`, joined by `', '` as RFC 9110 §5.3 allows; `null` when there are
   * none.
   */
  get(name: string): string | null {
    return headerIn(this.#raw, name.toLowerCase())
  }

  /**
   * Returns the values of `name`, one for each line that has it; empty when there are none. A fresh
   * list.
   */
  getAll(name: string): readonly string[] {
    const wanted = name.toLowerCase()
    const values: string[] = []
    for (let at = find(this.#raw, wanted, 0); at >= 0; at = find(this.#raw, wanted, at + 2)) {
      values.push(this.#raw[at + 1] ?? '')
    }
    return values
  }

  has(name: string): boolean {
    return find(this.#raw, name.toLowerCase(), 0) >= 0
  }

  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    for (let at = 0; at + 1 < this.#raw.length; at += 2) {
      yield [this.#raw[at] ?? '', this.#raw[at + 1] ?? '']
    }
  }

  static {
    readRaw = (headers) => headers.#raw
  }
}

/**
 * Returns the values of the header `wanted` (in lower case) in `raw`, as `HttpHeaders.get` does,
 * without an object.
 */
export function headerIn(raw: readonly string[], wanted: string): string | null {
  let joined: string | null = null
  for (let at = find(raw, wanted, 0); at >= 0; at = find(raw, wanted, at + 2)) {
    const value = raw[at + 1] ?? ''
    joined = joined === null ? value : `${joined}, ${value}`
  }
  return joined
}

/**
 * Returns the index of the header name `wanted` (in lower case) at or after `from`; -1 if not
 * found.
 */
function find(raw: readonly string[], wanted: string, from: number): number {
  for (let at = from; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (isLowerCaseOf(wanted, name)) return at
  }
  return -1
}

/** Whether `name` in lower case is `wanted`. Makes no copy of it in lower case. */
export function isLowerCaseOf(wanted: string, name: string): boolean {
  if (name.length !== wanted.length) return false
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    const lower = code >= 0x41 && code <= 0x5a ? code + 0x20 : code
    if (lower !== wanted.charCodeAt(at)) return false
  }
  return true
}

/**
 * One extension that a client offers or a server accepts, with its parameters in order (RFC 6455
 * §9.1).
 */
export interface ExtensionOffer {
  readonly name: string
  /** A parameter without a value has `null`; the same name may occur more than once. */
  readonly parameters: ReadonlyArray<readonly [name: string, value: string | null]>
}

/**
 * Parses a comma-separated list of tokens; `null` if an element is not a token. Empty elements are
 * ignored.
 */
export function parseTokenList(value: string): readonly string[] | null {
  const tokens: string[] = []
  for (const element of value.split(',')) {
    const token = trimBlanks(element)
    if (token === '') continue
    if (!isToken(token)) return null
    tokens.push(token)
  }
  return tokens
}

/**
 * Whether a comma-separated list contains `token`, without regard to case. Elements that are not
 * tokens are ignored.
 */
export function listHas(value: string, token: string): boolean {
  if (isLowerCaseOf(token, value)) return true
  return value.split(',').some((element) => trimBlanks(element).toLowerCase() === token)
}

/**
 * Parses a `Sec-WebSocket-Extensions` header; `null` if it is invalid (RFC 6455 §9.1). Empty
 * elements are ignored (RFC 9110 §5.6.1.2), so an empty value is an empty list.
 */
export function parseExtensions(value: string): readonly ExtensionOffer[] | null {
  const scanner = new Scanner(value)
  const offers: ExtensionOffer[] = []
  do {
    const name = scanner.token()
    if (name === null) {
      if (scanner.isAtElementEnd) continue
      return null
    }
    const parameters: (readonly [string, string | null])[] = []
    while (scanner.take(';')) {
      const parameter = scanner.token()
      if (parameter === null) return null
      const assigned = scanner.take('=')
      const given = assigned ? scanner.tokenOrQuoted() : null
      if (assigned && given === null) return null
      parameters.push([parameter, given])
    }
    offers.push({ name, parameters })
  } while (scanner.take(','))
  return scanner.isAtEnd ? offers : null
}

/** The inverse of `parseExtensions`. Every name and value must be a token. */
export function formatExtensions(extensions: readonly ExtensionOffer[]): string {
  return extensions
    .map(({ name, parameters }) =>
      [name, ...parameters.map(([key, value]) => (value === null ? key : `${key}=${value}`))].join(
        '; ',
      ),
    )
    .join(', ')
}

/** Removes the blanks that HTTP allows around an element: space and tab, and no others. */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Reads a header's value from left to right. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isAtEnd(): boolean {
    this.#skipBlanks()
    return this.#at === this.#text.length
  }

  /** Whether the current element has ended. */
  get isAtElementEnd(): boolean {
    this.#skipBlanks()
    return this.#at === this.#text.length || this.#text[this.#at] === ','
  }

  take(separator: string): boolean {
    this.#skipBlanks()
    if (this.#text[this.#at] !== separator) return false
    this.#at++
    return true
  }

  token(): string | null {
    this.#skipBlanks()
    const start = this.#at
    while (this.#at < this.#text.length && isTokenCharacter(this.#text.charCodeAt(this.#at)))
      this.#at++
    return this.#at === start ? null : this.#text.slice(start, this.#at)
  }

  /** A quoted string must be a token after its escapes are removed (RFC 6455 §9.1). */
  tokenOrQuoted(): string | null {
    if (!this.take('"')) return this.token()
    let value = ''
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]
      if (character === '"') {
        this.#at++
        return isToken(value) ? value : null
      }
      if (character === '\\') this.#at++
      value += this.#text[this.#at] ?? ''
    }
    return null
  }

  #skipBlanks(): void {
    while (this.#text[this.#at] === ' ' || this.#text[this.#at] === '\t') this.#at++
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
