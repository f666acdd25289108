/**
 * Reads the URLs of clients, and follows redirects.
 */

import { kindOf } from '../../base/internal.ts'
import { encodeUtf8 } from '../../protocol/internal.ts'
import type { RequestTarget } from './request-headers.ts'

/** The result of a redirect: its target, or why it is not followed. */
export type Redirect =
  | { readonly type: 'target'; readonly url: URL }
  | { readonly type: 'refused'; readonly why: string }

/** Accepted schemes. `http:` and `https:` are accepted as WHATWG's `WebSocket` accepts them. */
const SCHEMES: ReadonlyMap<string, 'ws:' | 'wss:'> = new Map([
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
  ['http:', 'ws:'],
  ['https:', 'wss:'],
])

/**
 * Reads the URL of a client. Its credentials are removed and become a `Basic` authorization (RFC
 * 7617).
 *
 * @throws {TypeError} for a relative or invalid URL, for a scheme other than `ws:`, `wss:`, `http:`
 *   and `https:`, and for a fragment (RFC 6455 §3). The message does not contain the URL, which may
 *   be secret.
 */
export function readUrl(act: string, given: string | URL): RequestTarget {
  const url = withSocketScheme(parse(act, given))
  if (url === null) {
    throw new TypeError(`Cannot ${act}: the URL has an unknown scheme, expected ws: or wss:`)
  }
  if (url.href.includes('#')) {
    throw new TypeError(`Cannot ${act}: the URL has a fragment, expected none (RFC 6455 §3)`)
  }
  const { username, password } = url
  const authorization = username === '' && password === '' ? null : basic(username, password)
  return { url: withoutExtras(url), authorization }
}

/** Returns the target of a redirect, without credentials and fragment. */
export function readRedirect(from: URL, location: string | null): Redirect {
  if (location === null) return { type: 'refused', why: 'without a Location header' }
  if (!URL.canParse(location, from.href))
    return { type: 'refused', why: 'with an invalid Location' }
  const url = withSocketScheme(new URL(location, from))
  if (url === null) return { type: 'refused', why: 'with an unknown scheme in Location' }
  if (from.protocol === 'wss:' && url.protocol === 'ws:') {
    return { type: 'refused', why: 'with a Location from wss: to ws:' }
  }
  return { type: 'target', url: withoutExtras(url) }
}

/** Whether both URLs have the same scheme, host and port. */
export function isSameOrigin(one: URL, other: URL): boolean {
  return one.protocol === other.protocol && one.host === other.host
}

function parse(act: string, given: string | URL): URL {
  const text: unknown = given instanceof URL ? given.href : given
  if (typeof text === 'string' && URL.canParse(text)) return new URL(text)
  const is = typeof text === 'string' ? 'is invalid or relative' : `is ${kindOf(text)}`
  throw new TypeError(
    `Cannot ${act}: the URL ${is}, expected an absolute URL such as "wss://example.com/path"`,
  )
}

/** Returns `null` for any other scheme. */
function withSocketScheme(url: URL): URL | null {
  const scheme = SCHEMES.get(url.protocol)
  if (scheme === undefined) return null
  // Both schemes are special, so the URL parser allows the change and drops a default port.
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
