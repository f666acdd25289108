/**
 * Hosts, ports and origins as values, so that they are compared as what they mean and never as text.
 *
 * The host goes through the URL parser of the platform (WHATWG URL): lower case, IPv4 and IPv6 in their
 * one canonical form, internationalised names as punycode.
 */

/** A host, and the port if one was written. */
export interface Authority {
  /** Canonical; an IPv6 address without its brackets. */
  readonly host: string
  /** 0 to 65535; `null` when none was written. */
  readonly port: number | null
}

/** An origin (RFC 6454 §4): scheme, host and port. */
export interface Origin extends Authority {
  /** Lower case, such as `https`. */
  readonly scheme: string
}

// Without what would make the URL parser see user info, a path, a query or a fragment.
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^\s/?#@\\:[\]]+)(?::(\d*))?$/i
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
  ['ws', 80],
  ['wss', 443],
])

/** What was read last, and as what: nearly all requests of a server name the same host. */
let latest: { readonly text: string; readonly authority: Authority | null } = {
  text: '',
  authority: null,
}

/** No name is longer (RFC 1035 §2.3.4), and nothing longer is worth being kept. */
const MAX_KEPT_CHARACTERS = 300

/** Reads `host`, `host:port` or `[ipv6]:port` (RFC 9110 §7.2); `null` when it is none of them. */
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
 * Reads an origin as a browser sends it: scheme, host, and the port if it is not the scheme's own; nothing
 * behind. `null` for everything else, the opaque origin `null` among them (RFC 6454 §6.1).
 */
export function parseOrigin(text: string): Origin | null {
  const [, schemeText, authorityText] = ORIGIN.exec(text) ?? []
  if (schemeText === undefined || authorityText === undefined) return null
  const authority = parseAuthority(authorityText)
  if (authority === null) return null
  const scheme = schemeText.toLowerCase()
  return { scheme, host: authority.host, port: authority.port ?? defaultPort(scheme) }
}

/** The port of `scheme` when none is written; `null` for a scheme without one. */
export function defaultPort(scheme: string): number | null {
  return DEFAULT_PORTS.get(scheme) ?? null
}

/** Whether both are the same origin (RFC 6454 §5). */
export function sameOrigin(one: Origin, other: Origin): boolean {
  return one.scheme === other.scheme && one.host === other.host && one.port === other.port
}
