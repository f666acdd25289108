/**
 * What proxies say about a request, read from one family of headers into one shape: a list with an
 * element for each proxy, the nearest last.
 */

import { isIP } from 'node:net'

import type { ApplicationRequest } from '../application/index.ts'
import { HandshakeError } from '../protocol/index.ts'

/** A header in which proxies say for whom they speak. */
export type ForwardedHeaderName =
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-forwarded-host'
  | 'x-forwarded-port'
  | 'forwarded'

/** The lists that a request has come with, as they were written. */
export interface Forwarding {
  readonly for: readonly string[]
  readonly proto: readonly string[]
  readonly host: readonly string[]
  readonly port: readonly string[]
}

/** Who sent a request on: an address, and the port if it was told. */
export interface ForwardedNode {
  /** `''` where the proxy does not know or does not tell (RFC 7239 §6.2, §6.3). */
  readonly host: string
  readonly port: number | null
}

/**
 * Reads a header `Forwarded` into an element for each proxy: parameters by their names in lower
 * case. It may throw.
 */
export type ForwardedParser = (header: string) => ReadonlyArray<Readonly<Record<string, string>>>

/** Reads the headers `X-Forwarded-…` that are in `names`; of the others nothing is known. */
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
 * Reads the header `Forwarded` (RFC 7239 §4). A parameter that a proxy has left out is an empty
 * text.
 *
 * @throws {HandshakeError} if it is not of the grammar.
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
 * Reads one of the nodes of `for`: an address, IPv6 with or without brackets, and perhaps a port
 * (RFC 7239 §6; some load balancers write the port into `X-Forwarded-For` as well).
 *
 * @returns `null` for what is no address and does not claim to be hidden either.
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
  // Lines of one name are one list (RFC 9110 §5.3); an empty one says nothing.
  return header === '' ? [] : header.split(',').map((element) => element.trim())
}

function parseElements(header: string, parse: ForwardedParser): ReturnType<ForwardedParser> {
  if (header === '') return []
  try {
    return parse(header)
  } catch {
    // What it says of the mistake has the header's value in it, which is the client's.
    throw new HandshakeError(400, 'Cannot upgrade: Forwarded is not of the grammar of RFC 7239')
  }
}
