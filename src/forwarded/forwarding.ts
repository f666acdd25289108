/**
 * Reads the headers of proxies about a request. Both families of headers have the same result:
 * lists with one element for each proxy, the nearest last.
 */

import { isIP } from 'node:net'

import type { ApplicationRequest } from '../application/index.ts'
import { HandshakeError } from '../protocol/index.ts'

/** A header in which proxies describe the client. */
export type ForwardedHeaderName =
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-forwarded-host'
  | 'x-forwarded-port'
  | 'forwarded'

/** The lists in the headers of a request, unparsed. */
export interface Forwarding {
  readonly for: readonly string[]
  readonly proto: readonly string[]
  readonly host: readonly string[]
  readonly port: readonly string[]
}

/** The sender of a request: an address, and the port if it is known. */
export interface ForwardedNode {
  /** `''` where the proxy does not know or hides it (RFC 7239 §6.2, §6.3). */
  readonly host: string
  readonly port: number | null
}

/**
 * Parses a header `Forwarded` into one element for each proxy: parameters by their names in lower
 * case. It may throw.
 */
export type ForwardedParser = (header: string) => ReadonlyArray<Readonly<Record<string, string>>>

/** Reads the headers `X-Forwarded-…` in `names`; the other lists are empty. */
export function readXForwarded(
  request: ApplicationRequest,
  names: ReadonlySet<ForwardedHeaderName>,
): Forwarding {
  const list = (name: ForwardedHeaderName): readonly string[] =>
    names.has(name) ? elementsOf(request.headers.get(name) ?? '') : []
  return {
    for: list('x-forwarded-for'),
    proto: list('x-forwarded-proto'),
    host: list('x-forwarded-host'),
    port: list('x-forwarded-port'),
  }
}

/**
 * Reads the header `Forwarded` (RFC 7239 §4). An absent parameter is an empty string.
 *
 * @throws {HandshakeError} if it is invalid.
 */
export function readForwarded(request: ApplicationRequest, parse: ForwardedParser): Forwarding {
  const elements = parseElements(request.headers.get('forwarded') ?? '', parse)
  return {
    for: elements.map((element) => element['for'] ?? ''),
    proto: elements.map((element) => element['proto'] ?? ''),
    host: elements.map((element) => element['host'] ?? ''),
    port: [],
  }
}

/**
 * Parses one node of `for`: an address, IPv6 with or without brackets, and an optional port (RFC
 * 7239 §6; some load balancers also write the port into `X-Forwarded-For`).
 *
 * @returns `null` for anything that is neither an address nor hidden.
 */
export function parseNode(text: string): ForwardedNode | null {
  if (isIP(text) !== 0) return { host: withoutMapping(text), port: null }
  const [, bracketed, plain = '', portText] = NODE.exec(text) ?? []
  const host = bracketed ?? plain
  // A port may be hidden too (§6.4): `_` and a token.
  const port = portText === undefined || portText.startsWith('_') ? null : Number(portText)
  if (port !== null && port > 0xffff) return null
  if (isIP(host) === (bracketed === undefined ? 4 : 6)) return { host: withoutMapping(host), port }
  return HIDDEN.test(plain) ? { host: '', port: null } : null
}

const NODE = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}|_[\w.-]+))?$/
const HIDDEN = /^(?:unknown|_[\w.-]+)$/i

/** A proxy that listens on `::` names its IPv4 clients `::ffff:192.0.2.1`. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

function elementsOf(header: string): readonly string[] {
  // Lines with the same name are one list (RFC 9110 §5.3); an empty header has no elements.
  return header === '' ? [] : header.split(',').map((element) => element.trim())
}

function parseElements(header: string, parse: ForwardedParser): ReturnType<ForwardedParser> {
  if (header === '') return []
  try {
    return parse(header)
  } catch {
    // The parser's message contains the header's value, which the client may have written.
    throw new HandshakeError(400, 'Cannot upgrade: the Forwarded header is invalid (RFC 7239)')
  }
}
