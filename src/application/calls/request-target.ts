/**
 * Normalises the target of a request line (RFC 9112 §3.2) into the path and query that are matched.
 */

import type { Authority } from './authority.ts'
import { parseAuthority } from './authority.ts'

/** The parts of a request target. */
export interface RequestTarget {
  /** Begins with `/`. `.` and `..` are resolved, also when written as `%2e`. Percent-encoded. */
  readonly path: string
  /** The query with its `?`; `''` if there is none. */
  readonly query: string
  /**
   * The host of a target in absolute form, which takes precedence over `Host` (§3.2.2); else
   * `null`.
   */
  readonly authority: Authority | null
}

// RFC 3986 §3.3 and §3.4. Browsers also send `[`, `]`, `|` and `^` in a path, and `{`, `}`, `\` and
// "`" in a query (URL Standard); none of them has a meaning there. A `\` in a path is refused: the
// URL parser treats it as `/`, while proxies treat it as a letter and so see another path.
const PATH = /^\/[\w!$&'()*+,;=:@/~.%[\]|^-]*$/
const QUERY = /^\?[\w!$&'()*+,;=:@/?~.%[\]|^{}\\`-]*$/
// Path and query in which the URL parser changes nothing, unless a segment begins with a dot.
const PLAIN_PATH = /^\/[\w!$&'()*+,;=:@/~.-]*$/
const PLAIN_QUERY = /^\?[\w!$&()*+,;=:@/?~.%-]+$/
const ABSOLUTE = /^(?:http|ws)s?:\/\/([^/?#]*)(.*)$/i

/**
 * Reads `target`. Returns `null` for an invalid target and for a target without a path: `*`,
 * `host:port`, a fragment, or characters that RFC 3986 does not allow in a path.
 */
export function parseRequestTarget(target: string): RequestTarget | null {
  if (target.startsWith('/')) return pathAndQuery(target, null)

  const [, host, rest = ''] = ABSOLUTE.exec(target) ?? []
  const authority = host === undefined ? null : parseAuthority(host)
  if (authority === null) return null
  return pathAndQuery(rest.startsWith('/') ? rest : `/${rest}`, authority)
}

/** The last target without a query: most requests of a server name the same few paths. */
let latest: RequestTarget = { path: '/', query: '', authority: null }

function pathAndQuery(text: string, authority: Authority | null): RequestTarget | null {
  if (text === latest.path && authority === null) return latest
  const queryAt = text.indexOf('?')
  const path = queryAt < 0 ? text : text.slice(0, queryAt)
  const query = queryAt < 0 ? '' : text.slice(queryAt)
  const isPlain = (query === '' || PLAIN_QUERY.test(query)) && !path.includes('/.')
  if (isPlain && PLAIN_PATH.test(path)) {
    const target = { path, query, authority }
    if (query === '' && authority === null) latest = target
    return target
  }
  if (!PATH.test(path) || (query !== '' && !QUERY.test(query))) return null

  // A base in front, and not as the second argument: `//host/x` would be taken for another host.
  const url = new URL(`http://base${text}`)
  return { path: url.pathname, query: url.search, authority }
}
