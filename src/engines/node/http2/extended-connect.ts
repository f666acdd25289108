/**
 * The trip of one extended CONNECT (RFC 8441): from its stream through the application to a session
 * or a plain answer.
 */

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'

import type { Application, UpgradeAccepted, UpgradeOutcome } from '../../../application/index.ts'
import { logFailure, noSuchPath } from '../../../application/internal.ts'
import type { Environment } from '../../../base/internal.ts'
import { encodedHead, FAILURE } from '../upgrades/final-answer.ts'
import type { HttpAnswer } from '../upgrades/http-answer.ts'
import { ConnectRequest } from './connect-request.ts'
import { streamFailure } from './error-codes.ts'
import { answerStream, responseHeaders } from './http2-answer.ts'
import type { Http2Connection } from './http2-connection.ts'
import { Http2Transport } from './http2-transport.ts'
import { StreamInbox } from './stream-inbox.ts'

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
  connection.addSocket(stream)
  const inbox = new StreamInbox(stream)
  const limit = isFull ? host.maxSocketsPerConnection : null
  const arrived = { ...request, socket: () => connection.shownSocket }
  const asked = new ConnectRequest(arrived, connection.facts, inbox, limit)
  const left = new Departure(stream)
  const decided = (outcome: UpgradeOutcome): void => {
    left.forget()
    asked.decided()
    conclude(host, request, outcome, inbox)
  }
  try {
    const outcome = host.application.upgrade(asked, host.environment, () => left.watch())
    if (!(outcome instanceof Promise)) decided(outcome)
    else outcome.then(decided).catch((error: unknown) => fail(host, request, error))
  } catch (error) {
    fail(host, request, error)
  }
}

/**
 * Notices that a client leaves while its request is decided. Nothing of it may stay with the
 * stream: a session would keep the whole request.
 */
class Departure {
  readonly #stream: ServerHttp2Stream
  #onClose: (() => void) | null = null

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  /** Returns the signal of the departure. Called once at most. */
  watch(): AbortSignal {
    const left = new AbortController()
    this.#onClose = () => left.abort()
    if (this.#stream.destroyed) left.abort()
    else this.#stream.on('close', this.#onClose)
    return left.signal
  }

  forget(): void {
    if (this.#onClose !== null) this.#stream.off('close', this.#onClose)
  }
}

/**
 * Answers `request` with a plain response, or not at all if its stream is gone. A client that does
 * not take the response in time loses the stream. Never throws.
 */
export function refuseConnect(
  { application: { logger } }: Pick<ConnectHost, 'application'>,
  { stream, connection }: Pick<StreamRequest, 'stream' | 'connection'>,
  answer: HttpAnswer,
): void {
  if (stream.destroyed || stream.closed) return
  connection.limitAnswer(stream)
  try {
    answerStream(stream, answer)
  } catch (error) {
    logFailure(logger, error, 'Upgrade failed')
    if (!stream.headersSent) answerStream(stream, FAILURE)
  }
}

function conclude(
  host: ConnectHost,
  request: StreamRequest,
  outcome: UpgradeOutcome,
  inbox: StreamInbox,
): void {
  const { stream, headers, connection } = request
  if (outcome.type === 'unclaimed') {
    inbox.remove()
    const target = headers[':path'] ?? ''
    host.unclaimed(request, () => refuseConnect(host, request, noSuchPath(target)))
  } else if (outcome.type === 'refused') {
    refuseConnect(host, request, outcome)
    connection.refusedSocket()
  } else if (stream.destroyed || stream.closed) {
    outcome.abandon(null)
  } else {
    accept(host, request, outcome, inbox)
  }
}

function accept(
  host: ConnectHost,
  request: StreamRequest,
  outcome: UpgradeAccepted,
  inbox: StreamInbox,
): void {
  const { stream, connection } = request
  const encode = (headers: UpgradeAccepted['headers']) => responseHeaders(200, headers)
  const head = encodedHead(host.application, encode, outcome)
  if (head === null) {
    refuseConnect(host, request, FAILURE)
    return
  }
  try {
    stream.respond(head)
  } catch (error) {
    outcome.abandon(error)
    throw error
  }
  const transport = new Http2Transport(stream, connection, connection.facts, inbox)
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
  stream.destroy(streamFailure())
}
