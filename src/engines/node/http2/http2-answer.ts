/**
 * Heads and whole answers on a stream of HTTP/2.
 */

import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'

import type { HeaderList, HttpAnswer } from '../upgrades/http-answer.ts'
import { ErrorCode } from './error-codes.ts'

/** Headers that HTTP/2 forbids (RFC 9113 §8.2.2), and that answers for HTTP/1.1 may have. */
const FORBIDDEN = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/**
 * Returns the headers of a response as Node takes them.
 *
 * @throws {TypeError} for a name or a value that HTTP does not allow. Node's module sends them as
 *   they are, and a proxy that translates to HTTP/1.1 would send a line break on.
 */
export function responseHeaders(status: number, headers: HeaderList): OutgoingHttpHeaders {
  const response: OutgoingHttpHeaders = { ':status': status }
  for (const [given, value] of headers) {
    const name = given.toLowerCase()
    if (FORBIDDEN.has(name)) continue
    validateHeaderName(name)
    validateHeaderValue(name, value)
    const before = response[name]
    if (before === undefined) response[name] = value
    else if (name === 'set-cookie') response[name] = [before, value].flat().map(String)
    else response[name] = `${String(before)}, ${value}`
  }
  return response
}

/**
 * Answers a request with a whole response, and lets go of its stream: the client need not send the
 * rest (RFC 9113 §8.1).
 *
 * @throws {TypeError} as `responseHeaders`; what Node throws for a stream that is gone.
 */
export function answerStream(
  stream: ServerHttp2Stream,
  { status, headers, body }: HttpAnswer,
): void {
  stream.respond(responseHeaders(status, headers))
  // Node ends the answer to HEAD, and answers without a body, by itself.
  if (!stream.writableEnded) stream.end(body)
  // A client that has ended its side needs no more, and Node 22 would lose its answer to HEAD.
  if (stream.endAfterHeaders) return
  // `close` would wait for the end of the answer too, but then no other code could follow.
  if (stream.writableFinished) stream.close(ErrorCode.NO_ERROR)
  else stream.once('finish', () => stream.close(ErrorCode.NO_ERROR))
}
