/**
 * HTTP/1.1 heads in our own hand: after an upgrade request Node leaves the socket to the listener, with no
 * `ServerResponse` to write with. RFC 9112 §4, §6.
 */

import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'

/** Headers in the order in which they are written. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

/** A plain answer to a request, framed by the engine. */
export interface HttpAnswer {
  /** 200 to 599. */
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array
}

/**
 * The head that switches protocols (RFC 9110 §15.2.2), to be written as Latin-1; what follows it is no longer HTTP.
 *
 * @throws {TypeError} for a name or a value that HTTP does not allow: a line break in one would let whoever
 *   chose it write headers, or an answer, of their own.
 */
export function encodeSwitch(headers: HeaderList): string {
  return `HTTP/1.1 101 Switching Protocols\r\n${headerLines(headers)}\r\n`
}

/**
 * A whole answer, after which the connection ends. `Connection: Upgrade`, which belongs beside an `Upgrade`
 * header (RFC 9110 §7.8), becomes `Upgrade, close`.
 *
 * @param method of the request: the answer to `HEAD` has no body (RFC 9110 §9.3.2).
 * @throws {TypeError} as `encodeSwitch`.
 */
export function encodeAnswer(answer: HttpAnswer, method: string, date: Date): Buffer {
  const { status, headers, body } = answer
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`,
    headerLines(headers.filter(([name]) => !isConnection(name))),
    `date: ${date.toUTCString()}\r\n`,
    hasNoBody(status) ? '' : `content-length: ${body.length}\r\n`,
    `connection: ${connectionTokens(headers)}\r\n\r\n`,
  ].join('')
  const sendsBody = method !== 'HEAD' && !hasNoBody(status)
  return Buffer.concat([Buffer.from(head, 'latin1'), sendsBody ? body : new Uint8Array(0)])
}

/** An answer of one sentence. */
export function sentence(status: number, text: string): HttpAnswer {
  return {
    status,
    headers: [['content-type', 'text/plain; charset=utf-8']],
    body: Buffer.from(`${text}\n`, 'utf8'),
  }
}

/** What `Connection` says when the connection ends: the tokens that the application gave, and ours. */
export function connectionTokens(headers: HeaderList): string {
  const given = headers.filter(([name]) => isConnection(name)).map(([, value]) => value)
  for (const value of given) validateHeaderValue('connection', value)
  return [...given, 'close'].join(', ')
}

function isConnection(name: string): boolean {
  return name.toLowerCase() === 'connection'
}

function headerLines(headers: HeaderList): string {
  let lines = ''
  for (const [name, value] of headers) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

/** RFC 9110 §6.4.1. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304
}
