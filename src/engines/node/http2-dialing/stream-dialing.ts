/**
 * One extended CONNECT on a connection (RFC 8441 §5), up to its answer.
 */

import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'

import { Deferred } from '../../../base/internal.ts'
import { ConnectError } from '../../../client/index.ts'
import type { DialOutcome, DialRequest } from '../../../client/internal.ts'
import { HttpHeaders } from '../../../protocol/index.ts'
import { AnswerBody } from '../dialing/answer-body.ts'
import { toFields } from '../dialing/dialer.ts'
import { ErrorCode, errorName, streamReset } from '../http2/error-codes.ts'
import { Http2Transport } from '../http2/http2-transport.ts'
import type { PooledConnection } from './pooled-connection.ts'

/** Headers of the handshake of HTTP/1.1 that HTTP/2 has no use for. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'sec-websocket-key',
  'upgrade',
])

/** The end of a request on one connection. */
export type StreamOutcome =
  | DialOutcome
  /** The server has not handled the request, and it may be repeated (RFC 9113 §8.7). */
  | { readonly type: 'unhandled' }
  /** The server wants HTTP/1.1 for this request. */
  | { readonly type: 'http1' }

type ResponseListener = (
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void

/** One request in progress. */
export class StreamDialing {
  readonly #request: DialRequest
  readonly #connection: PooledConnection
  readonly #place: string
  readonly #outcome = new Deferred<StreamOutcome>()
  readonly #stream: ClientHttp2Stream | null
  #answer: { readonly response: AnsweredHead; readonly body: AnswerBody } | null = null

  /** @param leave reports that the stream has ended. */
  constructor(
    request: DialRequest,
    connection: PooledConnection,
    place: string,
    leave: () => void,
  ) {
    this.#request = request
    this.#connection = connection
    this.#place = place
    this.#stream = this.#begin(leave)
    if (this.#stream === null) return
    request.signal.addEventListener('abort', this.#onAborted)
    if (request.signal.aborted) this.#onAborted()
    else request.entered('handshake')
  }

  get outcome(): Promise<StreamOutcome> {
    return this.#outcome.promise
  }

  #begin(leave: () => void): ClientHttp2Stream | null {
    let stream
    try {
      stream = this.#connection.session.request(headersOf(this.#request), { endStream: false })
    } catch (cause) {
      leave()
      if (this.#connection.hasRoom) {
        const what = 'Cannot open WebSocket: node:http2 refuses a header'
        this.#outcome.reject(new TypeError(what, { cause }))
      } else this.#outcome.resolve({ type: 'unhandled' })
      return null
    }
    stream.once('close', () => {
      leave()
      this.#closed()
    })
    // A stream that fails is closed, and reports that. A session listens for itself.
    stream.on('error', () => {})
    // The types of Node do not know the last argument.
    const answered: ResponseListener = (headers, _flags, rawHeaders) =>
      this.#answered(headers, rawHeaders)
    stream.once('response', answered as Parameters<ClientHttp2Stream['once']>[1])
    return stream
  }

  #answered({ ':status': given }: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    const stream = this.#stream
    if (stream === null || this.#outcome.isSettled) return
    const response = { status: Number(given), headers: new HttpHeaders(withoutPseudo(rawHeaders)) }
    if (response.status !== 200) {
      this.#answer = { response, body: new AnswerBody(stream, () => this.#tellAnswer()) }
      return
    }
    const { facts } = this.#connection
    const transport = new Http2Transport(stream, this.#connection, facts)
    this.#settle({ type: 'switched', bootstrap: 'connect', response, transport })
  }

  #tellAnswer(): void {
    if (this.#answer === null || this.#outcome.isSettled) return
    const { response, body } = this.#answer
    this.#settle({ type: 'answered', bootstrap: 'connect', response, body: body.bytes })
    this.#cancel()
  }

  /** The stream has ended. If nothing was answered, its code says why. */
  #closed(): void {
    if (this.#outcome.isSettled) return
    if (this.#answer !== null) {
      this.#tellAnswer()
      return
    }
    const { id, rstCode = ErrorCode.NO_ERROR } = this.#stream ?? {}
    const { failure } = this.#connection
    if (rstCode === ErrorCode.REFUSED_STREAM || this.#connection.ignores(id)) {
      this.#settle({ type: 'unhandled' })
    } else if (rstCode === ErrorCode.HTTP_1_1_REQUIRED) {
      this.#settle({ type: 'http1' })
    } else if (failure !== null) {
      this.#reject(this.#error('handshake', 'ended the connection before it answered', failure))
    } else {
      const step = rstCode === ErrorCode.PROTOCOL_ERROR ? 'protocol' : 'handshake'
      const what = `ended the stream without an answer (${errorName(rstCode)})`
      this.#reject(this.#error(step, what, streamReset(rstCode)))
    }
  }

  #error(step: 'handshake' | 'protocol', what: string, cause: Error): ConnectError {
    return new ConnectError(step, `${this.#place} ${what}`, { cause })
  }

  readonly #onAborted = (): void => {
    if (this.#answer !== null) {
      this.#tellAnswer()
      return
    }
    const reason: unknown = this.#request.signal.reason
    // A connection on which a deadline passed may be dead. Later requests get another one.
    if (reason instanceof ConnectError) this.#connection.retire()
    this.#reject(reason)
    this.#cancel()
  }

  #cancel(): void {
    const stream = this.#stream
    if (stream === null || stream.destroyed) return
    stream.close(ErrorCode.CANCEL)
    // What has arrived of a body is not wanted, and would keep the stream open.
    stream.resume()
  }

  #settle(outcome: StreamOutcome): void {
    this.#request.signal.removeEventListener('abort', this.#onAborted)
    this.#outcome.resolve(outcome)
  }

  #reject(error: unknown): void {
    this.#request.signal.removeEventListener('abort', this.#onAborted)
    this.#outcome.reject(error)
  }
}

type AnsweredHead = DialOutcome['response']

/** The headers of an extended CONNECT. */
function headersOf({ url, headers }: DialRequest): Record<string, string | string[]> {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? url.host
  return {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': url.protocol === 'wss:' ? 'https' : 'http',
    ':authority': host,
    ':path': url.pathname + url.search,
    ...toFields(headers.filter(([name]) => !LEFT_OUT.has(name.toLowerCase()))),
  }
}

function withoutPseudo(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => rawHeaders[at - (at % 2)]?.startsWith(':') !== true)
}
