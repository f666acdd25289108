/**
 * Encodes heads of HTTP/1.1 responses (RFC 9112 §4, §6): for an upgrade, Node provides no
 * `ServerResponse`.
 */

import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'

import { isToken } from '../../../protocol/internal.ts'

/** Headers in the order in which they are written. */
export type HeaderList = readonly Header[]
type Header = readonly [name: string, value: string]

/** A plain answer to a request, framed by the engine. */
export interface HttpAnswer {
  /** 200 to 599. */
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array
}

/**
 * Encodes the head that switches protocols (RFC 9110 §15.2.2), as a string to be written as
 * Latin-1. The bytes behind it are not HTTP.
 *
 * @throws {TypeError} for a name or a value that HTTP does not allow. A line break in a value would
 *   let its author write other headers, or a whole response.
 */
export function encodeSwitch(headers: HeaderList): string {
  const [first, second] = headers
  if (first === undefined || second === undefined) return `${SWITCHING}${headerLines(headers)}\r\n`
  if (first !== switchStart.first || second !== switchStart.second) {
    switchStart = { first, second, text: SWITCHING + headerLines([first, second]) }
  }
  return `${switchStart.text}${headerLines(headers, 2)}\r\n`
}

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\n'

/** The beginning of the last 101. The first two headers are the same objects in all of them. */
let switchStart: { first: Header | null; second: Header | null; text: string } = {
  first: null,
  second: null,
  text: '',
}

/**
 * Encodes a whole answer, after which the connection ends. `Connection: Upgrade`, which accompanies
 * an `Upgrade` header (RFC 9110 §7.8), becomes `Upgrade, close`.
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

/**
 * The last answer to a `GET`, encoded. Many clients at once often get the same answer; it is then
 * encoded once a second, for its date.
 */
export class PreparedAnswer {
  #answer: HttpAnswer | null = null
  #second = 0
  #bytes: Buffer = Buffer.alloc(0)

  /** See `encodeAnswer`. The bytes are shared: the caller does not change them. */
  encode(answer: HttpAnswer, date: Date): Buffer {
    const second = Math.floor(date.getTime() / 1000)
    if (answer !== this.#answer || second !== this.#second) {
      this.#bytes = encodeAnswer(answer, 'GET', date)
      this.#answer = answer
      this.#second = second
    }
    return this.#bytes
  }
}

/** An answer of one sentence. */
export function sentence(status: number, text: string): HttpAnswer {
  return {
    status,
    headers: [['content-type', 'text/plain; charset=utf-8']],
    body: Buffer.from(`${text}\n`, 'utf8'),
  }
}

/** Returns the `Connection` of a last answer: the tokens of the application, and `close`. */
export function connectionTokens(headers: HeaderList): string {
  const given = headers.filter(([name]) => isConnection(name)).map(([, value]) => value)
  for (const value of given) validateHeaderValue('connection', value)
  return [...given, 'close'].join(', ')
}

function isConnection(name: string): boolean {
  return name.toLowerCase() === 'connection'
}

function headerLines(headers: HeaderList, from: number = 0): string {
  let lines = ''
  for (let at = from; at < headers.length; at++) {
    const [name, value] = headers[at]! // `at` is below the length
    if (!isToken(name)) validateHeaderName(name)
    if (!isVisible(value)) validateHeaderValue(name, value)
    lines += `${name}: ${value}\r\n`
  }
  return lines
}

/** Whether `value` is printable ASCII, which every header may be: nearly all values are. */
function isVisible(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

/** RFC 9110 §6.4.1. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304
}
