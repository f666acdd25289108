/**
 * Reads the `Cookie` header of a request (RFC 6265 §5.4).
 */

/**
 * The cookies of `header`, by name. What is not a cookie is left out, so that this never throws. Of two with
 * one name the first counts: browsers send the one of the more specific path first.
 *
 * A value loses the quotes around it and is percent-decoded once; one that is wrongly encoded stays as it is.
 */
export function parseCookies(header: string): ReadonlyMap<string, string> {
  // A Map and not an object: a cookie called __proto__ is a name like any other.
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
    // Not percent-encoded after all: what the client sent is the value.
    return value
  }
}
