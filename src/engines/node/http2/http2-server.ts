/**
 * The half of a server of our own that speaks HTTP/2. It listens nowhere: the TLS server hands it
 * the connections that chose `h2`.
 */

import type {
  createServer,
  Http2Server as NodeHttp2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'

import type { Application } from '../../../application/index.ts'
import type { Environment } from '../../../base/internal.ts'
import type { HealthPaths } from '../server/health.ts'
import type { HttpListener } from '../server/pages.ts'
import { sentence } from '../upgrades/http-answer.ts'
import {
  asksForSocket,
  type ConnectHost,
  receiveConnect,
  refuseConnect,
  type StreamRequest,
} from './extended-connect.ts'
import { Http2Connection } from './http2-connection.ts'
import type { Http2Settings } from './http2-options.ts'
import { Http2Requests, type RequestClasses } from './http2-requests.ts'

/** Streams of a connection beside its sockets, so that a page with many sockets can still fetch. */
const OTHER_STREAMS = 28

/** Node's bound on what a connection may have queued, in MB; at least one for each socket. */
const MIN_SESSION_MEMORY_MB = 10

const UNKNOWN_PROTOCOL = sentence(501, 'Cannot connect: only ":protocol" "websocket" is supported')
const NO_TUNNEL = sentence(405, 'Cannot connect: this server is no proxy')

/** What the server is made of. */
export interface Http2Parts {
  readonly application: Application
  readonly environment: Environment
  readonly http: HttpListener | null
  readonly health: HealthPaths | null
  readonly maxHeadSize: number
  readonly settings: Http2Settings
  /** Called when a connection sends its first request on `socket`. */
  readonly spoke: (socket: Socket) => void
}

/** What is used of Node's module. */
interface Http2Module extends RequestClasses {
  readonly createServer: typeof createServer
}

type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void

/** Serves connections of HTTP/2. */
export class Http2Server implements ConnectHost {
  readonly application: Application
  readonly environment: Environment
  readonly maxSocketsPerConnection: number
  readonly #inner: NodeHttp2Server
  readonly #requests: Http2Requests
  readonly #parts: Http2Parts
  readonly #connections = new Map<ServerHttp2Session, Http2Connection>()
  #arriving: Socket | null = null
  #isLeaving = false

  private constructor(parts: Http2Parts, http2: Http2Module) {
    this.#parts = parts
    this.application = parts.application
    this.environment = parts.environment
    this.maxSocketsPerConnection = parts.settings.maxSocketsPerConnection
    this.#requests = new Http2Requests(parts.application, parts.http, http2, parts.health)
    this.#inner = http2.createServer(innerOptions(parts))
    this.#inner.on('session', (session) => this.#add(session))
    // The connection keeps the error for its streams. Without a listener Node would throw it.
    this.#inner.on('sessionError', () => {})
    // The types of Node do not know the last argument.
    const receive: StreamListener = (stream, headers, _flags, rawHeaders) =>
      this.#receive(stream, headers, rawHeaders)
    this.#inner.on('stream', receive as Parameters<NodeHttp2Server['on']>[1])
  }

  /** Loads Node's module, which a server without HTTP/2 never does. */
  static async open(parts: Http2Parts): Promise<Http2Server> {
    return new Http2Server(parts, await import('node:http2'))
  }

  /** Takes over a connection that chose HTTP/2. */
  serve(socket: Socket): void {
    // A server of HTTP/1.1 keeps its side open at the peer's FIN. HTTP/2 has nothing more to say.
    socket.allowHalfOpen = false
    // Node makes the session before `emit` returns, and hides its socket behind a proxy.
    this.#arriving = socket
    this.#inner.emit('connection', socket)
    this.#arriving = null
  }

  /** Takes no more streams: on each connection, once its last session has ended. */
  leaveAfterSessions(): void {
    this.#isLeaving = true
    for (const connection of this.#connections.values()) connection.leaveAfterSessions()
  }

  /** Takes no more streams, on any connection. Those that are open go on. */
  leave(): void {
    for (const connection of this.#connections.values()) connection.leave()
  }

  /** Ends all connections. */
  dropAll(): void {
    for (const connection of this.#connections.values()) connection.drop()
  }

  unclaimed(_request: StreamRequest, answer: () => void): void {
    answer()
  }

  #add(session: ServerHttp2Session): void {
    const socket = this.#arriving
    if (socket === null) return
    const { settings } = this.#parts
    const { timers } = this.environment
    const closed = (): void => void this.#connections.delete(session)
    const connection = new Http2Connection(session, timers, { socket, settings, closed })
    this.#connections.set(session, connection)
    if (this.#isLeaving) connection.leave()
  }

  #receive(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): void {
    // Absent on a stream that is closed already.
    const connection = stream.session === undefined ? undefined : this.#connection(stream.session)
    if (connection === undefined) {
      stream.destroy()
      return
    }
    connection.watch(stream)
    if (connection.socket !== null) this.#parts.spoke(connection.socket)
    const request = { stream, headers, rawHeaders, connection }
    if (asksForSocket(headers)) receiveConnect(this, request)
    else if (headers[':method'] !== 'CONNECT') this.#requests.answer(request)
    else refuseConnect(this, request, ':protocol' in headers ? UNKNOWN_PROTOCOL : NO_TUNNEL)
  }

  #connection(session: unknown): Http2Connection | undefined {
    return this.#connections.get(session as ServerHttp2Session)
  }
}

function innerOptions({ settings, maxHeadSize }: Http2Parts) {
  const { maxSocketsPerConnection, streamWindow } = settings
  return {
    settings: {
      enableConnectProtocol: true,
      enablePush: false,
      initialWindowSize: streamWindow,
      maxConcurrentStreams: maxSocketsPerConnection + OTHER_STREAMS,
      maxHeaderListSize: maxHeadSize,
    },
    maxSessionMemory: Math.max(MIN_SESSION_MEMORY_MB, maxSocketsPerConnection),
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    streamResetBurst: 200,
    streamResetRate: 20,
  }
}
