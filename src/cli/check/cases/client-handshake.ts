/**
 * The opening handshake of a client (RFC 6455 §4.1): what a server may answer, and what a client
 * must refuse.
 */

import type { Grade } from '../check-case.ts'

/** How a response differs from a correct one. */
export interface ResponseChange {
  readonly statusLine?: string
  /** Names of headers that are left out, in lower case. */
  readonly drop?: readonly string[]
  /** Returns lines in the place of headers; the keys are in lower case. */
  readonly replace?: Readonly<Record<string, (accept: string) => string>>
  readonly add?: readonly string[]
}

/** A case about the opening handshake of a client. */
export interface ClientHandshakeCase {
  readonly kind: 'client-handshake'
  readonly family: 'client-handshake'
  readonly name: string
  readonly section: string
  readonly grade: Grade
  readonly change: ResponseChange
  /** Whether the client must open the session; otherwise it must not. */
  readonly opens: boolean
  /**
   * Whether the client may keep the connection, as one of HTTP. Otherwise a client that refuses the
   * response must fail the WebSocket connection: it closes TCP (§4.1, §7.1.7).
   */
  readonly mayStayOpen?: boolean
  /** Whether each byte of the response is written by itself. */
  readonly isSlow?: boolean
  /** Whether it needs a client that offers compression. */
  readonly needsDeflate?: boolean
}

/** Answers to an offer of permessage-deflate that a client must refuse (RFC 7692 §7.1). */
const INVALID_AGREEMENTS = [
  'unknown',
  'server_max_window_bits=16',
  'server_max_window_bits=7',
  'server_max_window_bits=08',
  'server_max_window_bits',
  'client_max_window_bits=16',
  'server_no_context_takeover=1',
  'server_no_context_takeover; server_no_context_takeover',
]

/** Returns the cases. */
export function clientHandshakeCases(): ClientHandshakeCase[] {
  return [...opening(), ...statuses(), ...headers(), ...choices()]
}

function opening(): ClientHandshakeCase[] {
  return [
    opens('a correct response is accepted', {}),
    opens('another reason behind the status is accepted', {
      statusLine: 'HTTP/1.1 101 Web Socket Protocol Handshake',
    }),
    opens('names of headers in lower case are accepted', {
      replace: {
        upgrade: () => 'upgrade: websocket',
        connection: () => 'connection: upgrade',
        'sec-websocket-accept': (accept) => `sec-websocket-accept: ${accept}`,
      },
    }),
    opens('values in another case are accepted', {
      replace: {
        upgrade: () => 'Upgrade: WebSocket',
        connection: () => 'Connection: UPGRADE',
      },
    }),
    opens('Connection with several tokens is accepted', {
      replace: { connection: () => 'Connection: keep-alive, Upgrade' },
    }),
    opens('white space around Sec-WebSocket-Accept is accepted', {
      replace: { 'sec-websocket-accept': (accept) => `Sec-WebSocket-Accept: \t ${accept} \t` },
    }),
    opens('a header that is unknown is accepted', { add: ['X-Unknown: value'] }),
    { ...opens('a response, byte by byte, is accepted', {}), isSlow: true },
  ]
}

function statuses(): ClientHandshakeCase[] {
  // The frame that follows is the body for a client that reads HTTP.
  return ['200 OK', '404 Not Found', '500 Internal Server Error'].map((status) => ({
    ...refuses('4.1', 'MUST', `the status ${status} does not open`, {
      statusLine: `HTTP/1.1 ${status}`,
      add: ['Content-Length: 7'],
    }),
    mayStayOpen: true,
  }))
}

function headers(): ClientHandshakeCase[] {
  const accept = 'sec-websocket-accept'
  const replaced = (name: string, value: (accept: string) => string): ResponseChange => ({
    replace: { [name]: value },
  })
  return [
    refuses('4.1', 'MUST', 'a response without Upgrade is refused', { drop: ['upgrade'] }),
    refuses('4.1', 'MUST', 'another Upgrade is refused', {
      ...replaced('upgrade', () => 'Upgrade: h2c'),
    }),
    refuses('4.1', 'MUST', 'a response without Connection is refused', { drop: ['connection'] }),
    refuses('4.1', 'MUST', 'a Connection without upgrade is refused', {
      ...replaced('connection', () => 'Connection: keep-alive'),
    }),
    refuses('4.1', 'MUST', 'a response without Sec-WebSocket-Accept is refused', {
      drop: [accept],
    }),
    refuses('4.1', 'MUST', 'a Sec-WebSocket-Accept for another key is refused', {
      ...replaced(accept, () => 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='),
    }),
    refuses('4.1', 'MUST', 'a Sec-WebSocket-Accept in another case is refused', {
      ...replaced(accept, (value) => `Sec-WebSocket-Accept: ${otherCase(value)}`),
    }),
  ]
}

function choices(): ClientHandshakeCase[] {
  return [
    refuses('4.1', 'MUST', 'an extension that was not offered is refused', {
      add: ['Sec-WebSocket-Extensions: x-unknown'],
    }),
    refuses('9.1', 'MUST', 'a list of extensions that is invalid is refused', {
      add: ['Sec-WebSocket-Extensions: ; ='],
    }),
    refuses('9.1', 'MUST', 'an extension whose value is not closed is refused', {
      add: ['Sec-WebSocket-Extensions: x; a="b'],
    }),
    refuses('4.1', 'MUST', 'a subprotocol that was not offered is refused', {
      add: ['Sec-WebSocket-Protocol: x-unknown'],
    }),
    ...INVALID_AGREEMENTS.map((parameters) => ({
      ...refuses('RFC 7692 §7.1', 'MUST', `the answer ${parameters} is refused`, {
        add: [`Sec-WebSocket-Extensions: permessage-deflate; ${parameters}`],
      }),
      needsDeflate: true,
    })),
  ]
}

function opens(name: string, change: ResponseChange): ClientHandshakeCase {
  return { ...refuses('4.1', 'MUST', name, change), opens: true }
}

function refuses(
  section: string,
  grade: Grade,
  name: string,
  change: ResponseChange,
): ClientHandshakeCase {
  const place = section.startsWith('RFC') ? section : `RFC 6455 §${section}`
  const described = { family: 'client-handshake', name, section: place, grade } as const
  return { kind: 'client-handshake', ...described, change, opens: false }
}

function otherCase(text: string): string {
  return text.toLowerCase() === text ? text.toUpperCase() : text.toLowerCase()
}
