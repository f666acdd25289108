/**
 * Where a client connects to: reading URLs, and following redirects to others.
 */

import { kindOf } from '../../base/internal.ts'
import { encodeUtf8 } from '../../protocol/internal.ts'
import type { RequestTarget } from './request-headers.ts'

/** What became of a redirect: where it leads, or why it is not followed. */
export type Redirect =
  | { readonly type: 'target'; readonly url: URL }
  | { readonly type: 'refused'; readonly why: string }

/** A scheme and what it means for us; `http:` and `https:` are accepted as the WHATWG's `WebSocket` accepts them. */
const SCHEMES: ReadonlyMap<string, 'ws:' | 'wss:'> = new Map([
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
  ['http:', 'ws:'],
  ['https:', 'wss:'],
])

/**
 * Reads the URL that a client is given. Its credentials become those of HTTP (`Basic`, RFC 7617) and are in it no more.
 *
 * @throws {TypeError} for what is no absolute URL, for another scheme than `ws:`, `wss:`, `http:` and `https:`, and
 *   for one with a fragment (RFC 6455 §3). The URL is in no message: it may be a secret.
 */
export function readUrl(act: string, given: string | URL): RequestTarget {
  const url = withSocketScheme(parse(act, given))
  if (url === null) {
    throw new TypeError(`Cannot ${act}: the URL has another scheme, expected ws: or wss:`)
  }
  if (url.href.includes('#')) {
    throw new TypeError(`Cannot ${act}: the URL has a fragment, expected none (RFC 6455 §3)`)
  }
  const { username, password } = url
  const authorization = username === '' && password === '' ? null : basic(username, password)
  return { url: withoutExtras(url), authorization }
}

/** Where the redirect of an answer leads. Credentials and fragments in it are dropped. */
export function readRedirect(from: URL, location: string | null): Redirect {
  if (location === null) return { type: 'refused', why: 'and says no Location' }
  if (!URL.canParse(location, from.href))
    return { type: 'refused', why: 'and its Location is no URL' }
  const url = withSocketScheme(new URL(location, from))
  if (url === null) return { type: 'refused', why: 'and its Location has another scheme' }
  if (from.protocol === 'wss:' && url.protocol === 'ws:') {
    return { type: 'refused', why: 'which leads from wss: to ws:' }
  }
  return { type: 'target', url: withoutExtras(url) }
}

/** Whether two addresses have one owner: the same scheme, host and port. */
export function isSameOrigin(one: URL, other: URL): boolean {
  return one.protocol === other.protocol && one.host === other.host
}

function parse(act: string, given: string | URL): URL {
  const text: unknown = given instanceof URL ? given.href : given
  if (typeof text === 'string' && URL.canParse(text)) return new URL(text)
  const is = typeof text === 'string' ? 'is not one that is whole' : `is ${kindOf(text)}`
  throw new TypeError(`Cannot ${act}: the URL ${is}, expected such as "wss://example.com/path"`)
}

/** `null` for a scheme that is none of ours. */
function withSocketScheme(url: URL): URL | null {
  const scheme = SCHEMES.get(url.protocol)
  if (scheme === undefined) return null
  // Special schemes may be exchanged for one another, and the port that one has by default goes with it.
  url.protocol = scheme
  return url
}

function withoutExtras(url: URL): URL {
  url.username = ''
  url.password = ''
  url.hash = ''
  return url
}

/** RFC 7617 §2.1, in UTF-8. */
function basic(username: string, password: string): string {
  const bytes = encodeUtf8(`${decode(username)}:${decode(password)}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a % that begins no escape stands for itself
  }
}
