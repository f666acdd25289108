/** Computes the origin of a request from the headers of trusted proxies. */

import type { RequestOrigin } from '../application/index.ts'
import { type Authority, defaultPort, parseAuthority } from '../application/internal.ts'
import { HandshakeError } from '../protocol/index.ts'
import { type ForwardedNode, type Forwarding, parseNode } from './forwarding.ts'
import type { TrustCheck } from './proxy-trust.ts'

/**
 * Applies the proxies' headers to `origin`, whose peer is a trusted proxy.
 *
 * @throws {HandshakeError} 400, if a header is invalid.
 */
export function resolveForwarded(
  origin: RequestOrigin,
  forwarding: Forwarding,
  isTrusted: TrustCheck,
): RequestOrigin {
  const { client, proxies } = findClient(forwarding.for, isTrusted)
  const scheme = readScheme(said(forwarding.proto, proxies)) ?? origin.scheme
  const isDefaultPort = origin.port === defaultPort(origin.scheme)
  const ownPort = defaultPort(scheme) ?? origin.port
  const asked = readHost(said(forwarding.host, proxies)) ?? {
    host: origin.host,
    port: isDefaultPort ? null : origin.port,
  }
  return {
    ...origin,
    scheme,
    host: asked.host,
    port: readPort(said(forwarding.port, proxies)) ?? asked.port ?? ownPort,
    remoteHost: client === null ? origin.remoteHost : client.host,
    remotePort: client === null ? origin.remotePort : client.port,
  }
}

/**
 * Returns the first address from the right that is not trusted, or the leftmost one; `null` without
 * addresses. `proxies` is the number of proxies between the client and this server.
 */
function findClient(
  nodes: readonly string[],
  isTrusted: TrustCheck,
): { readonly client: ForwardedNode | null; readonly proxies: number } {
  let client: ForwardedNode | null = null
  let proxies = 1
  for (const text of [...nodes].reverse()) {
    const node = text === '' ? HIDDEN_NODE : parseNode(text)
    if (node === null) throw unreadable('for', 'not an address')
    if (client !== null) proxies++
    client = node
    if (!isTrusted(node.host, proxies)) break
  }
  return { client, proxies }
}

const HIDDEN_NODE: ForwardedNode = { host: '', port: null }

/**
 * Returns the value of the outermost of `proxies`; `null` if it is absent. If the list is shorter,
 * some proxies do not append to it, and its first value is the outermost.
 */
function said(values: readonly string[], proxies: number): string | null {
  const value = values[Math.max(0, values.length - proxies)] ?? ''
  return value === '' ? null : value
}

function readScheme(text: string | null): RequestOrigin['scheme'] | null {
  if (text === null) return null
  const scheme = SCHEMES.get(text.toLowerCase())
  if (scheme === undefined) throw unreadable('proto', 'neither http nor https')
  return scheme
}

/** Some proxies send `ws` and `wss`, which no request line has. */
const SCHEMES: ReadonlyMap<string, RequestOrigin['scheme']> = new Map([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
])

function readHost(text: string | null): Authority | null {
  if (text === null) return null
  const authority = parseAuthority(text)
  if (authority === null) throw unreadable('host', 'not a host')
  return authority
}

function readPort(text: string | null): number | null {
  if (text === null) return null
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port === 0 || port > 0xffff) throw unreadable('port', 'not a port')
  return port
}

/** Without the value, which the client may have written. */
function unreadable(name: keyof Forwarding, what: string): HandshakeError {
  return new HandshakeError(400, `Cannot upgrade: the forwarded value of "${name}" is ${what}`)
}
