/**
 * The opening handshake of a server (RFC 6455 §4.2). The public suite has no such cases.
 */

import { type Grade, type HandshakeCase, handshakeCase, type RequestChange } from '../check-case.ts'

/** Keys that are not 16 bytes of base64. §4.2.2: a server need not decode them. */
const INVALID_KEYS = [
  ['is empty', '', 'MUST'],
  ['has 15 bytes', 'AAAAAAAAAAAAAAAAAAAA', 'SHOULD'],
  ['has 17 bytes', 'AAAAAAAAAAAAAAAAAAAAAAA=', 'SHOULD'],
  ['has no padding', 'dGhlIHNhbXBsZSBub25jZQ', 'MUST'],
  ['is no base64', '!!!!IHNhbXBsZSBub25jZQ==', 'MUST'],
  ['has a space inside', 'dGhlIHNhbXBs ZSBub25jZQ==', 'MUST'],
] as const

/** Versions that no server speaks. 7 and 8 were drafts, which some still do. */
const OTHER_VERSIONS = ['0', '12', '14', '99', '255']

/** Values that are no version (§4.3). */
const INVALID_VERSIONS = ['256', '013', '-13', '13x', '1.3', 'websocket']

/** Returns the cases. */
export function handshakeCases(): HandshakeCase[] {
  return [...accepted(), ...keys(), ...versions(), ...requestLines(), ...upgrades(), ...offers()]
}

function opens(section: string, name: string, change: RequestChange): HandshakeCase {
  return handshakeCase('handshake', section, 'MUST', `${name} is accepted`, 'opens', change)
}

/** Everything that a correct client may vary. */
function accepted(): HandshakeCase[] {
  return [
    opens('4.2.1', 'a correct request', {}),
    opens('4.2.1', 'Upgrade in another case', { replace: { upgrade: 'Upgrade: WebSocket' } }),
    opens('4.2.1', 'Connection in another case', {
      replace: { connection: 'Connection: UPGRADE' },
    }),
    opens('4.2.1', 'Connection with several tokens', {
      replace: { connection: 'Connection: keep-alive, Upgrade' },
    }),
    opens('4.2.1', 'names of headers in lower case', {
      replace: {
        upgrade: 'upgrade: websocket',
        connection: 'connection: upgrade',
        'sec-websocket-key': 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': 'sec-websocket-version: 13',
      },
    }),
    opens('RFC 9110 §5.5', 'white space around values', {
      replace: {
        'sec-websocket-key': 'Sec-WebSocket-Key: \t dGhlIHNhbXBsZSBub25jZQ== \t',
        'sec-websocket-version': 'Sec-WebSocket-Version:13',
      },
    }),
    opens('4.2.1', 'a header that is unknown', { add: ['X-Unknown: value'] }),
    // A server may have no such resource (§3: the query is a part of its name).
    handshakeCase(
      'handshake',
      '3',
      'SHOULD',
      'a request target with a query is accepted',
      'opens',
      {
        target: (path) => `${path}${path.includes('?') ? '&' : '?'}check=1`,
      },
    ),
    opens('4.2.1', 'a request target with the host (absolute form)', {
      target: (path, origin) => `${origin}${path}`,
    }),
  ]
}

function keys(): HandshakeCase[] {
  const key = 'sec-websocket-key'
  return [
    refuses('4.2.1', 'MUST', 'a request without Sec-WebSocket-Key', { drop: [key] }),
    ...INVALID_KEYS.map(([what, value, grade]) =>
      refuses('4.2.1', grade, `a Sec-WebSocket-Key that ${what}`, {
        replace: { [key]: `Sec-WebSocket-Key: ${value}` },
      }),
    ),
    refuses('11.3.1', 'MUST', 'a second Sec-WebSocket-Key', {
      add: ['Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=='],
    }),
  ]
}

function versions(): HandshakeCase[] {
  const name = 'sec-websocket-version'
  const others = OTHER_VERSIONS.map((version) =>
    handshakeCase(
      'handshake',
      '4.2.2',
      'MUST',
      `version ${version} is refused, with the versions that the server has`,
      'refuses-version',
      { replace: { [name]: `Sec-WebSocket-Version: ${version}` } },
    ),
  )
  return [
    ...others,
    ...INVALID_VERSIONS.map((version) =>
      refuses('4.2.1', 'MUST', `the version ${version}`, {
        replace: { [name]: `Sec-WebSocket-Version: ${version}` },
      }),
    ),
    refuses('4.2.1', 'MUST', 'a request without Sec-WebSocket-Version', { drop: [name] }),
    refuses('4.2.1', 'MUST', 'an empty Sec-WebSocket-Version', {
      replace: { [name]: 'Sec-WebSocket-Version:' },
    }),
    refuses('11.3.5', 'MUST', 'Sec-WebSocket-Version twice', {
      add: ['Sec-WebSocket-Version: 8'],
    }),
  ]
}

function requestLines(): HandshakeCase[] {
  return [
    ignores('4.2.1', 'the method POST', { method: 'POST', add: ['Content-Length: 0'] }),
    ignores('4.2.1', 'the method PUT', { method: 'PUT', add: ['Content-Length: 0'] }),
    ignores('4.2.1', 'the method OPTIONS', { method: 'OPTIONS' }),
    ignores('4.2.1', 'the method get in lower case', { method: 'get' }),
    ignores('4.2.1', 'HTTP/1.0', { version: 'HTTP/1.0' }),
    refuses('RFC 9112 §2.2', 'SHOULD', 'a version that is not HTTP', { version: 'HTTQ/1.1' }),
    refuses('RFC 9112 §3.2', 'MUST', 'a request without Host', { drop: ['host'] }),
    refuses('RFC 9112 §3.2', 'MUST', 'a second Host', { add: ['Host: other.example'] }),
  ]
}

function upgrades(): HandshakeCase[] {
  return [
    ignores('4.2.1', 'a request without Upgrade', { drop: ['upgrade'] }),
    ignores('4.2.1', 'an Upgrade to something else', { replace: { upgrade: 'Upgrade: h2c' } }),
    ignores('4.2.1', 'an Upgrade to websockets', { replace: { upgrade: 'Upgrade: websockets' } }),
    ignores('4.2.1', 'a request without Connection', { drop: ['connection'] }),
    ignores('4.2.1', 'a Connection without upgrade', {
      replace: { connection: 'Connection: keep-alive' },
    }),
    ignores('4.2.1', 'a Connection with upgrades', {
      replace: { connection: 'Connection: upgrades' },
    }),
    handshakeCase(
      'handshake',
      'RFC 9110 §7.8',
      'MAY',
      'websocket behind another protocol in Upgrade is accepted',
      'opens',
      { replace: { upgrade: 'Upgrade: h2c, websocket' } },
    ),
  ]
}

/**
 * Extensions and subprotocols. A recipient must fail the connection for a list of extensions that
 * does not conform to its ABNF, whether or not it uses extensions (§9.1). For subprotocols the RFC
 * binds the client alone, and a server that has none may leave the header unread.
 */
function offers(): HandshakeCase[] {
  const extension = (value: string): RequestChange => ({
    add: [`Sec-WebSocket-Extensions: ${value}`],
  })
  const protocol = (value: string): RequestChange => ({
    add: [`Sec-WebSocket-Protocol: ${value}`],
  })
  const declines = (name: string, change: RequestChange): HandshakeCase =>
    handshakeCase('handshake', '9.1', 'MUST', `${name} is declined`, 'declines', change)
  return [
    declines('an extension that is unknown', extension('x-unknown')),
    declines('an unknown extension with parameters', extension('x-unknown; a=1; b="2"')),
    declines('an unknown extension in two headers', {
      add: ['Sec-WebSocket-Extensions: x-one', 'Sec-WebSocket-Extensions: x-two; a'],
    }),
    refuses('9.1', 'MUST', 'a list of extensions that is invalid', extension('; =')),
    refuses('9.1', 'MUST', 'an extension whose value is not closed', extension('x; a="b')),
    refuses('4.2.1', 'SHOULD', 'a subprotocol that is no token', protocol('a b')),
    refuses('4.1', 'SHOULD', 'a subprotocol that is offered twice', protocol('x-one, x-one')),
  ]
}

function refuses(
  section: string,
  grade: Grade,
  name: string,
  change: RequestChange,
): HandshakeCase {
  return handshakeCase('handshake', section, grade, `${name} is refused`, 'refuses', change)
}

/** A request that is no opening handshake: it is one of plain HTTP, or an invalid one. */
function ignores(section: string, name: string, change: RequestChange): HandshakeCase {
  return handshakeCase('handshake', section, 'MUST', `${name} does not open`, 'ignores', change)
}
