/**
 * Hosts, ports and origins as values, compared by meaning and never as text.
 *
 * Hosts are normalised by the platform's URL parser (WHATWG URL): lower case, canonical IPv4 and
 * IPv6 addresses, punycode for internationalised names.
 */

/** A host with an optional port. */
export interface Authority {
  /** Canonical; an IPv6 address has no brackets. */
  readonly host: string
  /** 0 to 65535; `null` when none was written. */
  readonly port: number | null
}

/** An origin (RFC 6454 §4): scheme, host and port. */
export interface Origin extends Authority {
  /** Lower case, such as `https`. */
  readonly scheme: string
}

// Excludes everything that the URL parser would read as user info, path, query or fragment.
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^\s/?#@\\:[\]]+)(?::(\d*))?$/i
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['ws', 80],
  ['wss', 443],
])

/** The last text and its value: nearly all requests of a server name the same host. */
let latest: { readonly text: string; readonly authority: Authority | null } = {
  text: '',
  authority: null,
}

/** Host names have at most 255 characters (RFC 1035 §2.3.4). Longer texts are not kept. */
const MAX_KEPT_CHARACTERS = 300

/** Reads `host`, `host:port` or `[ipv6]:port` (RFC 9110 §7.2). Returns `null` for anything else. */
export function parseAuthority(text: string): Authority | null {
  if (text === latest.text) return latest.authority
  const authority = readAuthority(text)
  if (text.length <= MAX_KEPT_CHARACTERS) latest = { text, authority }
  return authority
}

function readAuthority(text: string): Authority | null {
  const [, hostText, portText = ''] = AUTHORITY.exec(text) ?? []
  if (hostText === undefined) return null
  const port = portText === '' ? null : Number(portText)
  if (port !== null && port > 0xffff) return null

  const url = `http://${hostText}`
  if (!URL.canParse(url)) return null
  const { hostname } = new URL(url)
  if (hostname === '') return null
  return { host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname, port }
}

/**
 * Reads an origin in the form that browsers send: scheme, host, and the port if it is not the
 * scheme's default. Returns `null` for anything else, including the opaque origin `null` (RFC 6454
 * §6.1).
 */
export function parseOrigin(text: string): Origin | null {
  const [, schemeText, authorityText] = ORIGIN.exec(text) ?? []
  if (schemeText === undefined || authorityText === undefined) return null
  const authority = parseAuthority(authorityText)
  if (authority === null) return null
  const scheme = schemeText.toLowerCase()
  return { scheme, host: authority.host, port: authority.port ?? defaultPort(scheme) }
}

/** Returns the default port of `scheme`, or `null` for an unknown scheme. */
export function defaultPort(scheme: string): number | null {
  return DEFAULT_PORTS.get(scheme) ?? null
}

/** Whether both are the same origin (RFC 6454 §5). */
export function sameOrigin(one: Origin, other: Origin): boolean {
  return one.scheme === other.scheme && one.host === other.host && one.port === other.port
}
