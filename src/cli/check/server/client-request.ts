/**
 * The request of a client under check, and the response.
 */

import { createHash } from 'node:crypto'

import type { ResponseChange } from '../cases/client-handshake.ts'

/** A request up to its empty line. Nothing in it is safe to print. */
export interface ClientRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly key: string
  /** The offers of permessage-deflate, each with its parameters. */
  readonly deflateOffers: readonly string[]
  /** What is against §4.1; `null`: nothing. Safe to print. */
  readonly problem: string | null
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY_BYTES = 16

/** Parses a request. */
export function parseRequest(head: string): ClientRequest {
  const [line = '', ...rest] = head.split('\r\n')
  const [method, target = '', version] = line.split(' ')
  const url = URL.canParse(target, 'ws://host')
    ? new URL(target, 'ws://host')
    : new URL('ws://host')
  const headers = new Map<string, string[]>()
  for (const each of rest) {
    const colon = each.indexOf(':')
    const name = each.slice(0, Math.max(colon, 0)).toLowerCase()
    const value = each.slice(colon + 1).trim()
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  const values = (name: string): readonly string[] => headers.get(name) ?? []
  const key = values('sec-websocket-key')
  const isGet = method === 'GET' && version === 'HTTP/1.1'
  return {
    path: url.pathname,
    query: url.searchParams,
    key: key[0] ?? '',
    deflateOffers: values('sec-websocket-extensions')
      .flatMap((value) => value.split(','))
      .map((each) => each.trim())
      .filter((each) => /^permessage-deflate *(;|$)/.test(each)),
    problem: isGet ? problemOf(values) : 'its request is not GET with HTTP/1.1 (§4.1)',
  }
}

function problemOf(values: (name: string) => readonly string[]): string | null {
  const keys = values('sec-websocket-key')
  const isKey = keys.length === 1 && Buffer.from(keys[0] ?? '', 'base64').length === KEY_BYTES
  const tokens = (name: string): string[] =>
    values(name).flatMap((value) => value.split(',').map((each) => each.trim().toLowerCase()))
  if (values('host').length !== 1) return 'its request has not one Host (§4.1)'
  if (!tokens('upgrade').includes('websocket')) return 'its request has no "Upgrade: websocket"'
  if (!tokens('connection').includes('upgrade')) return 'its request has no "Connection: Upgrade"'
  if (!isKey) return 'its Sec-WebSocket-Key is not one value of 16 bytes (§4.1)'
  const version = values('sec-websocket-version')
  return version.length === 1 && version[0] === '13' ? null : 'its version is not 13 (§4.1)'
}

/** Returns the answer to an offer of permessage-deflate, which does what the offer asks for. */
export function deflateAnswer(offer: string): string {
  const asked = offer
    .split(';')
    .map((each) => each.trim())
    .filter(
      (each) => each === 'server_no_context_takeover' || each.startsWith('server_max_window_bits='),
    )
  return ['permessage-deflate', ...asked].join('; ')
}

/** Returns the bytes of a response, changed as a case wants it. */
export function responseBytes(
  { key }: ClientRequest,
  change: ResponseChange = {},
  extensions: string | null = null,
): Buffer {
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['upgrade', 'Upgrade: websocket'],
    ['connection', 'Connection: Upgrade'],
    ['sec-websocket-accept', `Sec-WebSocket-Accept: ${accept}`],
  ]
  const headers = lines
    .filter(([name]) => change.drop?.includes(name) !== true)
    .map(([name, line]) => change.replace?.[name]?.(accept) ?? line)
  const all = [
    change.statusLine ?? 'HTTP/1.1 101 Switching Protocols',
    ...headers,
    ...(extensions === null ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    ...(change.add ?? []),
  ]
  return Buffer.from([...all, '', ''].join('\r\n'), 'latin1')
}
