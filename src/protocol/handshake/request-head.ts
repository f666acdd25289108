/**
 * Reads the head of an HTTP/1.1 request that asks for an upgrade (RFC 9112 §2–5), from bytes as
 * they arrive, however they are cut.
 *
 * The grammar is deliberately narrower than HTTP: it accepts only requests that strict and lenient
 * parsers read alike. Every other request is `other` and goes to a complete HTTP server, which gets
 * the same bytes and decides on the response. A request that this reader accepts is therefore
 * unambiguous.
 */

import { latin1 } from '../memory.ts'
import { type KnownHeader, knownHeaderIn } from './shared-strings.ts'
import { isToken } from './token.ts'

/** The head of a GET request of HTTP/1.1 without a body. */
export interface RequestHead {
  /** The target of the request line, as sent: a slash, then visible ASCII. */
  readonly target: string
  /** Names and values in turn, in order, duplicates included; blanks around values are removed. */
  readonly rawHeaders: string[]
  /** The length of the head in bytes, the empty line included. */
  readonly byteLength: number
}

/**
 * The result of reading. `incomplete`: more bytes are needed. `other`: not in this grammar, or too
 * large.
 */
export type RequestHeadResult = RequestHead | 'incomplete' | 'other'

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DELETE = 0x7f

const METHOD = 'GET '
const VERSION = ' HTTP/1.1'

/** Reads one head. Each byte is read once, a CR at the end of a piece twice. */
export class RequestHeadReader {
  readonly #maxBytes: number
  /** Every byte before this index has been searched; a line end is never cut. */
  #searched = 0
  #isOther = false

  /** @param maxBytes a longer head is `other`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * Reads the bytes that have arrived.
   *
   * @param bytes all bytes since the first one of the request, including the bytes of earlier
   *   calls. The result keeps no reference to them.
   * @param length how many of `bytes` have arrived.
   */
  read(bytes: Uint8Array, length: number = bytes.length): RequestHeadResult {
    if (this.#isOther) return 'other'
    const end = this.#findEnd(bytes, length)
    if (end > 0) {
      const head = parseHead(latin1(bytes, 0, end), bytes)
      if (head !== null) return head
    } else if (end === 0) {
      return 'incomplete'
    }
    this.#isOther = true
    return 'other'
  }

  /**
   * Returns the length of the head; 0 while its end has not arrived; -1 if it is not in this
   * grammar.
   */
  #findEnd(bytes: Uint8Array, length: number): number {
    const limit = Math.min(length, this.#maxBytes)
    let at = this.#searched
    for (; at < limit && at < METHOD.length; at++) {
      if (bytes[at] !== METHOD.charCodeAt(at)) return -1
    }
    while (at < limit) {
      const byte = bytes[at]! // `at` is below the length
      if (byte >= SPACE ? byte !== DELETE : byte === TAB) {
        at += 1
        continue
      }
      if (byte !== CR) return -1
      // The LF may not have arrived: the CR is searched again with it.
      if (at + 1 === limit) break
      if (bytes[at + 1] !== LF) return -1
      if (bytes[at - 1] === LF) return at + 2
      at += 2
    }
    this.#searched = at
    return limit === this.#maxBytes ? -1 : 0
  }
}

/** Parses a head whose lines all end with CRLF and that ends with an empty line. */
function parseHead(text: string, bytes: Uint8Array): RequestHead | null {
  const lineEnd = text.indexOf('\r\n')
  const targetEnd = lineEnd - VERSION.length
  if (targetEnd <= METHOD.length || !text.startsWith(VERSION, targetEnd)) return null
  const target = targetIn(text, bytes, targetEnd)
  if (target === null) return null

  const rawHeaders: string[] = []
  const last = text.length - 2
  for (let at = lineEnd + 2; at < last;) {
    const colon = text.indexOf(':', at)
    if (colon <= at) return null
    const end = text.indexOf('\r', at)
    const known = knownHeaderIn(text, at, colon)
    const name = known === null ? latin1(bytes, at, colon) : known.name
    // A line without a colon has a CR in its name. A folded line has a blank in it, or no name.
    if (known === null && (!isToken(name) || announcesBody(name))) return null
    rawHeaders.push(name, valueIn(text, bytes, colon + 1, end, known))
    at = end + 2
  }
  // The copy has no room for more: a session keeps it.
  return { target, rawHeaders: rawHeaders.slice(), byteLength: text.length }
}

/** Returns the value between `from` and `to` without the blanks around it. */
function valueIn(
  text: string,
  bytes: Uint8Array,
  from: number,
  to: number,
  known: KnownHeader | null,
): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  const shared = known === null ? null : known.lastIn(text, start, end)
  if (shared !== null) return shared
  // Not a slice, which would keep all of `text` for as long as the session lasts.
  const value = latin1(bytes, start, end)
  return known === null ? value : known.share(value)
}

/** The target of the last request without a query, in which secrets may be. */
let lastTarget = '/'

/** Returns the target, which ends at `end`; `null` if it is not in this grammar. */
function targetIn(text: string, bytes: Uint8Array, end: number): string | null {
  const isLast = end === METHOD.length + lastTarget.length
  if (isLast && text.startsWith(lastTarget, METHOD.length)) return lastTarget
  const target = latin1(bytes, METHOD.length, end)
  if (!target.startsWith('/') || !isVisible(target)) return null
  if (!target.includes('?')) lastTarget = target
  return target
}

/** Whether a header with this name announces a body (RFC 9112 §6): an upgrade has none. */
function announcesBody(name: string): boolean {
  if (name.length === 14) return name.toLowerCase() === 'content-length'
  return name.length === 17 && name.toLowerCase() === 'transfer-encoding'
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

function isVisible(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code <= SPACE || code >= DELETE) return false
  }
  return true
}
