/**
 * The part of `attach` that takes WebSockets over HTTP/2 from a server of `node:http2` that another
 * module made and runs.
 */

import type {
  Http2SecureServer,
  Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer, TLSSocket } from 'node:tls'

import type { Application } from '../../../application/index.ts'
import type { Environment } from '../../../base/internal.ts'
import {
  asksForSocket,
  type ConnectHost,
  receiveConnect,
  type StreamRequest,
} from './extended-connect.ts'
import { Http2Connection } from './http2-connection.ts'
import { HTTP2_OPTIONS } from './http2-options.ts'

/** A server of `node:http2`. */
export type ForeignServer = Http2Server | Http2SecureServer

/** Whether `server` is one of `node:http2`, which exports no class for its servers. */
export function speaksHttp2(server: unknown): server is ForeignServer {
  return server instanceof NetServer && 'updateSettings' in server
}

/** Streams that an attached application decides. */
const CLAIMED = new WeakSet<ServerHttp2Stream>()
/** The attachments of each server, in order. Listeners run in the opposite order. */
const ATTACHMENTS = new WeakMap<ForeignServer, Set<Http2Attachment>>()
const CONNECTIONS = new WeakMap<ServerHttp2Session, Http2Connection>()

/** An application's place among the listeners of a server. */
export class Http2Attachment implements ConnectHost, Disposable {
  readonly application: Application
  readonly environment: Environment
  readonly maxSocketsPerConnection: number = HTTP2_OPTIONS.defaults.maxSocketsPerConnection
  readonly #server: ForeignServer
  readonly #answersAll: boolean
  /** A socket whose session is being made. */
  #arriving: Socket | null = null

  /** @param answersAll whether a stream without a route gets 404 at once. */
  constructor(
    application: Application,
    environment: Environment,
    server: ForeignServer,
    answersAll: boolean,
  ) {
    this.application = application
    this.environment = environment
    this.#server = server
    this.#answersAll = answersAll
    const attachments = ATTACHMENTS.get(server) ?? new Set()
    ATTACHMENTS.set(server, attachments.add(this))
    // For connections that are made from now on: it cannot be taken back on the others.
    server.updateSettings({ enableConnectProtocol: true })
    server.prependListener(arrivalOf(server), this.#onSocket)
    server.on('session', this.#onSession)
    server.prependListener('stream', this.#onStream)
    server.on('connect', this.#onConnect)
  }

  /** Streams without a route go to the server's other listeners. Without any, they get 404. */
  unclaimed({ stream }: StreamRequest, answer: () => void): void {
    if (this.#answersAll || this.#isLast('stream')) answer()
    else CLAIMED.delete(stream)
  }

  /** Whether no listener for `event` comes behind ours. */
  #isLast(event: 'stream' | 'connect'): boolean {
    const attachments = ATTACHMENTS.get(this.#server) ?? new Set()
    const [first] = attachments
    return first === this && this.#server.listenerCount(event) === attachments.size
  }

  [Symbol.dispose](): void {
    ATTACHMENTS.get(this.#server)?.delete(this)
    this.#server.off(arrivalOf(this.#server), this.#onSocket)
    this.#server.off('session', this.#onSession)
    this.#server.off('stream', this.#onStream)
    this.#server.off('connect', this.#onConnect)
  }

  /** Node makes the session in the same emission, and hides its socket behind a proxy. */
  readonly #onSocket = (socket: Socket): void => {
    const isOther = socket instanceof TLSSocket && socket.alpnProtocol !== 'h2'
    this.#arriving = isOther ? null : socket
  }

  readonly #onSession = (session: ServerHttp2Session): void => {
    const socket = this.#arriving
    this.#arriving = null
    this.#connection(session, socket)
  }

  readonly #onStream: StreamListener = (stream, headers, _flags, rawHeaders) => {
    const { session } = stream
    if (session === undefined || CLAIMED.has(stream) || !asksForSocket(headers)) return
    const connection = this.#connection(session as ServerHttp2Session, null)
    CLAIMED.add(stream)
    connection.watch(stream)
    receiveConnect(this, { stream, headers, rawHeaders, connection })
  }

  /**
   * Node's compatibility layer answers every CONNECT with 405, also on streams that another
   * listener has accepted, unless the server has a listener for `connect`. This one does the same
   * for the streams that no application claimed.
   */
  readonly #onConnect = (request: Http2ServerRequest | object, second: unknown): void => {
    if (!this.#isLast('connect')) return
    if (!('stream' in request)) {
      // A CONNECT of HTTP/1.1, with its socket: so Node does without a listener.
      ;(second as Duplex).destroy()
    } else if (!CLAIMED.has(request.stream)) {
      const response = second as Http2ServerResponse
      response.statusCode = 405
      response.end()
    }
  }

  /** @param socket `null` for a connection that was made before the attachment. */
  #connection(session: ServerHttp2Session, socket: Socket | null): Http2Connection {
    const known = CONNECTIONS.get(session)
    if (known !== undefined) return known
    const connection = new Http2Connection(session, this.environment.timers, {
      socket,
      settings: null,
      closed: () => {},
    })
    CONNECTIONS.set(session, connection)
    return connection
  }
}

/** The event of `server` with the socket of a new connection. */
const arrivalOf = (server: ForeignServer): 'connection' | 'secureConnection' =>
  server instanceof TlsServer ? 'secureConnection' : 'connection'

type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void
