/**
 * The trip of one extended CONNECT (RFC 8441): from its stream through the application to a session
 * or a plain answer.
 */

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'

import type {
  Application,
  UpgradeAccepted,
  UpgradeOutcome,
  UpgradeRequest,
} from '../../../application/index.ts'
import { logFailure, noSuchPath } from '../../../application/internal.ts'
import type { Environment } from '../../../base/internal.ts'
import { FAILURE } from '../upgrades/final-answer.ts'
import type { HttpAnswer } from '../upgrades/http-answer.ts'
import { answerStream, responseHeaders } from './http2-answer.ts'
import type { Http2Connection } from './http2-connection.ts'
import { Http2Transport } from './http2-transport.ts'

/** A request of HTTP/2 with its stream, as Node gives it. */
export interface StreamRequest {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, pseudo-headers included. */
  readonly rawHeaders: readonly string[]
  readonly connection: Http2Connection
}

/** Who decides, and how many sockets a connection may have. */
export interface ConnectHost {
  readonly application: Application
  readonly environment: Environment
  readonly maxSocketsPerConnection: number
  /** No route has the path: `answer` gives the 404, unless another listener wants the stream. */
  unclaimed(request: StreamRequest, answer: () => void): void
}

/** Whether `headers` ask for a WebSocket. */
export function asksForSocket(headers: IncomingHttpHeaders): boolean {
  return headers[':method'] === 'CONNECT' && headers[':protocol'] === 'websocket'
}

/** Brings the request to its end. Never throws. */
export function receiveConnect(host: ConnectHost, request: StreamRequest): void {
  const { stream, connection } = request
  const isFull = connection.sockets >= host.maxSocketsPerConnection
  connection.sockets += 1
  const left = new AbortController()
  stream.once('close', () => {
    connection.sockets -= 1
    left.abort()
  })
  // A stream that fails is closed, and reports that. A session listens for itself.
  stream.on('error', () => {})
  const asked = describe(request, isFull ? host.maxSocketsPerConnection : null)
  try {
    const outcome = host.application.upgrade(asked, host.environment, left.signal)
    if (!(outcome instanceof Promise)) conclude(host, request, outcome)
    else {
      outcome
        .then((settled) => conclude(host, request, settled))
        .catch((error: unknown) => fail(host, request, error))
    }
  } catch (error) {
    fail(host, request, error)
  }
}

/** Answers `request` with a plain response, or not at all if its stream is gone. Never throws. */
export function refuseConnect(
  { application: { logger } }: Pick<ConnectHost, 'application'>,
  { stream }: Pick<StreamRequest, 'stream'>,
  answer: HttpAnswer,
): void {
  if (stream.destroyed || stream.closed) return
  try {
    answerStream(stream, answer)
  } catch (error) {
    logFailure(logger, error, 'Upgrade failed')
    if (!stream.headersSent) answerStream(stream, FAILURE)
  }
}

function conclude(host: ConnectHost, request: StreamRequest, outcome: UpgradeOutcome): void {
  const { stream, headers } = request
  if (outcome.type === 'unclaimed') {
    const target = headers[':path'] ?? ''
    host.unclaimed(request, () => refuseConnect(host, request, noSuchPath(target)))
  } else if (outcome.type === 'refused') {
    refuseConnect(host, request, outcome)
  } else if (!stream.destroyed && !stream.closed) {
    accept(host, request, outcome)
  }
}

function accept(host: ConnectHost, request: StreamRequest, outcome: UpgradeAccepted): void {
  const { stream, connection } = request
  let head
  try {
    head = responseHeaders(200, outcome.headers)
  } catch (error) {
    logFailure(host.application.logger, error, 'Upgrade failed')
    refuseConnect(host, request, FAILURE)
    return
  }
  stream.respond(head)
  const transport = new Http2Transport(stream, connection, connection.facts)
  try {
    outcome.start(transport)
  } catch (error) {
    transport.abort()
    throw error
  }
}

/** A fault of ours or of the application's. Other streams of the connection go on. */
function fail(host: ConnectHost, { stream }: StreamRequest, error: unknown): void {
  logFailure(host.application.logger, error, 'Upgrade failed')
  stream.destroy()
}

/** The request as the application reads it. */
function describe(request: StreamRequest, connectionLimit: number | null): UpgradeRequest {
  const { stream, headers, rawHeaders, connection } = request
  const length = headers['content-length']
  return {
    method: 'CONNECT',
    target: headers[':path'] ?? '',
    httpVersion: '2',
    bootstrap: 'connect',
    rawHeaders: headersOf(rawHeaders, headers[':authority'] ?? ''),
    hasBody: stream.endAfterHeaders || (length !== undefined && Number(length) !== 0),
    ...connection.facts,
    ...(connectionLimit === null ? {} : { connectionLimit }),
  }
}

/** Returns the headers without pseudo-headers, with the `:authority` as `host`. */
function headersOf(rawHeaders: readonly string[], authority: string): string[] {
  const headers = authority === '' ? [] : ['host', authority]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    if (name.startsWith(':')) continue
    // A `host` that differs stays, and the handshake refuses it: there are two then.
    if (name.toLowerCase() === 'host' && value === authority) continue
    headers.push(name, value)
  }
  return headers
}
