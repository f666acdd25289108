/**
 * The target of a request line (RFC 9112 §3.2) as path and query, in the one form that is matched.
 */

import type { Authority } from './authority.ts'
import { parseAuthority } from './authority.ts'

/** A target, taken apart. */
export interface RequestTarget {
  /** Begins with `/`; `.` and `..` resolved, also where they were written `%2e`; still percent-encoded. */
  readonly path: string
  /** The query with its `?`; `''` when there is none. */
  readonly query: string
  /** The host of a target in absolute form, which then counts instead of `Host` (§3.2.2); else `null`. */
  readonly authority: Authority | null
}

const VISIBLE_ASCII = /^[\x21-\x7e]+$/
// Path and query in which the URL parser changes nothing, unless a segment begins with a dot.
const PLAIN = /^(\/[\w!$&'()*+,;=:@/~.-]*)(\?[\w!$&()*+,;=:@/?~.%-]*)?$/
const ABSOLUTE = /^(?:http|ws)s?:\/\/([^/?#]*)(.*)$/i

/** Reads `target`; `null` for what names no path: `*`, `host:port`, a fragment, bytes that no URL has. */
export function parseRequestTarget(target: string): RequestTarget | null {
  if (!VISIBLE_ASCII.test(target) || target.includes('#')) return null
  if (target.startsWith('/')) return pathAndQuery(target, null)

  const [, host, rest = ''] = ABSOLUTE.exec(target) ?? []
  const authority = host === undefined ? null : parseAuthority(host)
  if (authority === null) return null
  return pathAndQuery(rest.startsWith('/') ? rest : `/${rest}`, authority)
}

function pathAndQuery(text: string, authority: Authority | null): RequestTarget {
  const [, plainPath, plainQuery = ''] = PLAIN.exec(text) ?? []
  if (plainPath !== undefined && !plainPath.includes('/.')) {
    return { path: plainPath, query: plainQuery === '?' ? '' : plainQuery, authority }
  }
  // A base in front, and not as the second argument: `//host/x` would be taken for another host.
  const url = new URL(`http://base${text}`)
  return { path: url.pathname, query: url.search, authority }
}
