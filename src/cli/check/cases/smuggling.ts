/**
 * Requests that a proxy and a server may read differently (RFC 9112 §11.2), and bytes around the
 * upgrade. The public suite has no such cases.
 */

import {
  type CheckCase,
  frameRule,
  type Grade,
  type HandshakeCase,
  handshakeCase,
  type RequestChange,
} from '../check-case.ts'
import { FAILED_1002, utf8 } from '../wire/frame-bytes.ts'

/** Returns the cases. */
export function smugglingCases(): CheckCase[] {
  return [...lines(), ...bodies(), ...afterTheUpgrade()]
}

function lines(): HandshakeCase[] {
  return [
    refuses('RFC 9112 §5.1', 'MUST', 'a space between a name and its colon', {
      add: ['X-Space : value'],
    }),
    refuses('RFC 9112 §2.2', 'SHOULD', 'a line without a colon', { add: ['no colon here'] }),
    refuses('RFC 9112 §2.2', 'SHOULD', 'a name with an invalid character', {
      add: ['X(Invalid): value'],
    }),
    // The three may also be replaced with spaces, which is not visible from outside.
    refuses('RFC 9110 §5.5', 'MAY', 'a NUL in a value', { add: ['X-Nul: a\0b'] }),
    refuses('RFC 9112 §2.2', 'MAY', 'a bare CR in a value', { add: ['X-Cr: a\rb'] }),
    handshakeCase(
      'smuggling',
      'RFC 9112 §5.2',
      'MAY',
      'a header over two lines (obs-fold) is refused',
      'refuses',
      { add: ['X-Folded: a', ' b'] },
    ),
    handshakeCase(
      'smuggling',
      'RFC 9112 §2.2',
      'MAY',
      'lines that end with LF alone are refused',
      'refuses',
      { lineEnd: '\n' },
    ),
  ]
}

/** An upgrade has no body. One that has may hide a second request. */
function bodies(): HandshakeCase[] {
  const hidden = 'GET /hidden HTTP/1.1\r\nHost: hidden\r\n\r\n'
  const chunked = 'Transfer-Encoding: chunked'
  return [
    refuses('RFC 9112 §6.3', 'MUST', 'Content-Length with two different values', {
      add: ['Content-Length: 0', 'Content-Length: 5'],
      body: 'hello',
    }),
    refuses('RFC 9112 §6.3', 'MUST', 'a Content-Length that is no number', {
      add: ['Content-Length: 5x'],
      body: 'hello',
    }),
    refuses('RFC 9112 §6.3', 'MUST', 'a Content-Length with a sign', {
      add: ['Content-Length: +5'],
      body: 'hello',
    }),
    refuses('RFC 9112 §6.3', 'SHOULD', 'Content-Length and Transfer-Encoding together', {
      add: [`Content-Length: ${hidden.length}`, chunked],
      body: `0\r\n\r\n${hidden}`,
    }),
    refuses('RFC 9112 §6.3', 'MUST', 'a Transfer-Encoding that does not end with chunked', {
      add: ['Transfer-Encoding: chunked, identity'],
      body: '0\r\n\r\n',
    }),
    handshakeCase(
      'smuggling',
      'RFC 9110 §7.8',
      'MAY',
      'an upgrade with a body is refused',
      'refuses',
      { add: [`Content-Length: ${hidden.length}`], body: hidden },
    ),
    handshakeCase(
      'smuggling',
      'RFC 9110 §7.8',
      'MAY',
      'an upgrade with a chunked body is refused',
      'refuses',
      { add: [chunked], body: '5\r\nhello\r\n0\r\n\r\n' },
    ),
  ]
}

function afterTheUpgrade(): CheckCase[] {
  const request = 'GET /hidden HTTP/1.1\r\nHost: hidden\r\n\r\n'
  return [
    frameRule('smuggling', '5.2', 'MUST')(
      'a request behind the upgrade is read as frames, and refused',
      [{ bytes: utf8(request) }],
      FAILED_1002,
    ),
    handshakeCase(
      'smuggling',
      '4.1',
      'MAY',
      'a frame behind the request, before the answer, is read as a frame',
      'opens',
      { body: EARLY_PONG },
    ),
  ]
}

/** An unsolicited Pong with a mask of zeros: it changes nothing. */
const EARLY_PONG = '\u008a\u0080\0\0\0\0'

function refuses(
  section: string,
  grade: Grade,
  name: string,
  change: RequestChange,
): HandshakeCase {
  return handshakeCase('smuggling', section, grade, `${name} is refused`, 'refuses', change)
}
