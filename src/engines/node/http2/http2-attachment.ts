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
import { Server as NetServer } from 'node:net'
import type { Duplex } from 'node:stream'

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
    this.#server.off('session', this.#onSession)
    this.#server.off('stream', this.#onStream)
    this.#server.off('connect', this.#onConnect)
  }

  readonly #onSession = (session: ServerHttp2Session): void => void this.#connection(session)

  readonly #onStream: StreamListener = (stream, headers, _flags, rawHeaders) => {
    const { session } = stream
    if (session === undefined || CLAIMED.has(stream) || !asksForSocket(headers)) return
    const connection = this.#connection(session as ServerHttp2Session)
    CLAIMED.add(stream)
    stream.once('close', connection.enter())
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

  #connection(session: ServerHttp2Session): Http2Connection {
    const known = CONNECTIONS.get(session)
    if (known !== undefined) return known
    const connection = new Http2Connection(session, this.environment.timers)
    CONNECTIONS.set(session, connection)
    return connection
  }
}

type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: readonly string[],
) => void
