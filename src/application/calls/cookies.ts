/**
 * Reads the `Cookie` header of a request (RFC 6265 §5.4).
 */

/**
 * Returns the cookies of `header` by name. Never throws: a pair that is not a cookie is ignored. If
 * a name occurs twice, the first value counts, because browsers send the cookie of the more
 * specific path first.
 *
 * Quotes around a value are removed, and the value is percent-decoded once. A wrongly encoded value
 * is returned as it was sent.
 */
export function parseCookies(header: string): ReadonlyMap<string, string> {
  // A Map, so that a cookie may be called __proto__.
  const cookies = new Map<string, string>()
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    const name = pair.slice(0, equals).trim()
    if (name === '' || cookies.has(name)) continue
    cookies.set(name, decodeValue(unquote(pair.slice(equals + 1).trim())))
  }
  return cookies
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value
}

function decodeValue(value: string): string {
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    // Wrongly encoded: return the value as it was sent.
    return value
  }
}
