/**
 * An HTTP/2 connection that is being made, and the requests that wait for it. The connection
 * belongs to the pool: an abort of one request does not affect the others, and the last one that
 * leaves ends it.
 */

import type { connect } from 'node:http2'
import { isIP, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

import { Deferred, type Environment } from '../../../base/internal.ts'
import { ConnectError } from '../../../client/index.ts'
import type { DialRequest, NetworkStep } from '../../../client/internal.ts'
import type { DialerSettings } from '../dialing/client-options.ts'
import { dialFailure } from '../dialing/dial-failure.ts'
import { MAX_HEAD_BYTES } from '../dialing/dialer.ts'
import { followSocket, hostOf, openSocket } from '../dialing/dial-socket.ts'
import { OFFERED_PROTOCOLS } from '../http2/alpn.ts'
import { PooledConnection } from './pooled-connection.ts'

/** The window of one stream, in bytes. */
const STREAM_WINDOW = 1024 * 1024

const SESSION_OPTIONS = {
  settings: {
    enablePush: false,
    initialWindowSize: STREAM_WINDOW,
    maxHeaderListSize: MAX_HEAD_BYTES,
  },
  maxSessionInvalidFrames: 100,
}

const HTTP2_ONLY: readonly string[] = ['h2']

/** What an opening leads to, for one request. */
export type Opened =
  /** A connection with room for the request, which has entered it. */
  | {
      readonly type: 'connection'
      readonly connection: PooledConnection
      readonly leave: () => void
    }
  /** The server wants HTTP/1.1; `socket` is connected to it, if there is one. */
  | { readonly type: 'http1'; readonly socket: Socket | null }
  /** The connection was full before the turn of this request. */
  | { readonly type: 'full' }

/** A request that waits. */
interface Waiter {
  readonly request: DialRequest
  readonly opened: Deferred<Opened>
  readonly aborted: () => void
}

/** What an opening reports to its place, each at most once. */
export interface OpeningOwner {
  readonly settings: DialerSettings
  readonly environment: Environment
  /** The connection is open. Its first requests enter it after this call. */
  opened(opening: Http2Opening, connection: PooledConnection): void
  /** The server wants HTTP/1.1. */
  wantsHttp1(opening: Http2Opening): void
  failed(opening: Http2Opening): void
}

const ignore = (): void => {}

/** One connection in the making. */
export class Http2Opening {
  readonly #owner: OpeningOwner
  readonly #waiters = new Set<Waiter>()
  readonly #place: string
  #step: 'resolve' | 'connect' | 'tls' | 'handshake' = 'resolve'
  #socket: Socket | null = null
  #connection: PooledConnection | null = null
  #isOver = false

  /** @param first the request that is the reason for the connection. It must join at once. */
  constructor(owner: OpeningOwner, first: DialRequest) {
    this.#owner = owner
    this.#place = owner.settings.socketPath ?? first.url.host
    // The connection outlives the user who is the first to need it.
    owner.environment.runDetached(() => void this.#begin(first))
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiters.size
  }

  /** @throws (by rejecting) {ConnectError} if there is no connection; the signal's reason. */
  join(request: DialRequest): Promise<Opened> {
    const waiter: Waiter = {
      request,
      opened: new Deferred<Opened>(),
      aborted: () => this.#leave(waiter),
    }
    this.#waiters.add(waiter)
    request.signal.addEventListener('abort', waiter.aborted)
    if (this.#step === 'connect' || this.#step === 'tls') request.entered(this.#step)
    return waiter.opened.promise
  }

  async #begin(first: DialRequest): Promise<void> {
    try {
      const { connect: open } = await import('node:http2')
      if (this.#isOver) return
      const { settings } = this.#owner
      const offered = settings.http2 === true ? HTTP2_ONLY : OFFERED_PROTOCOLS
      const socket = openSocket(first, settings, offered)
      this.#socket = socket
      socket.on('error', this.#onError)
      socket.on('close', this.#onClose)
      const isNamed = settings.socketPath === null && isIP(hostOf(first.url)) === 0
      followSocket(socket, isNamed, (step) => {
        if (step === 'handshake') this.#connected(socket, open, first.url)
        else this.#enter(step)
      })
    } catch (error) {
      this.#settle()
      this.#owner.failed(this)
      this.#rejectAll(() => error)
    }
  }

  #enter(step: 'connect' | 'tls'): void {
    this.#step = step
    for (const { request } of this.#waiters) request.entered(step)
  }

  /** TCP and TLS are done. Who waits for SETTINGS is still within `connectTimeout`. */
  #connected(socket: Socket, open: typeof connect, url: URL): void {
    if (this.#isOver) return
    if (socket instanceof TLSSocket && socket.alpnProtocol !== 'h2') {
      this.#spokeHttp1(socket)
      return
    }
    this.#step = 'handshake'
    // An end of the peer ends both directions: HTTP/2 has nothing more to say.
    socket.allowHalfOpen = false
    socket.setNoDelay(true)
    const scheme = url.protocol === 'wss:' ? 'https:' : 'http:'
    // A variable, because the types of Node leave options of clients out.
    const options = { ...SESSION_OPTIONS, createConnection: () => socket }
    const session = open(`${scheme}//${url.host}`, options)
    const { timers } = this.#owner.environment
    const connection = new PooledConnection(session, socket, timers)
    this.#connection = connection
    session.once('remoteSettings', () => this.#settingsCame(connection))
    session.once('error', this.#onError)
    session.once('close', this.#onClose)
  }

  readonly #onError = (error: Error): void => this.#fail(error)
  readonly #onClose = (): void => {
    const cause = new Error('Cannot read: the connection was closed')
    this.#fail(Object.assign(cause, { code: 'ECONNRESET' }))
  }

  #settingsCame(connection: PooledConnection): void {
    if (this.#isOver) return
    if (connection.capacity === 0) {
      connection.drop()
      this.#giveUpHttp2(null, `${this.#place} does not allow WebSockets over HTTP/2`)
      return
    }
    this.#settle()
    this.#owner.opened(this, connection)
    for (const { opened } of this.#takeWaiters()) {
      opened.resolve(
        connection.hasRoom
          ? { type: 'connection', connection, leave: connection.enter() }
          : { type: 'full' },
      )
    }
    connection.watchIdle()
  }

  #spokeHttp1(socket: Socket): void {
    const wantsHttp2 = this.#owner.settings.http2 === true
    if (wantsHttp2) socket.destroy()
    // The request that gets the socket listens for itself, a little later.
    socket.on('error', ignore).off('error', this.#onError).off('close', this.#onClose)
    this.#giveUpHttp2(wantsHttp2 ? null : socket, `${this.#place} chose HTTP/1.1`)
  }

  /** @param socket goes to the first request, for HTTP/1.1. */
  #giveUpHttp2(socket: Socket | null, why: string): void {
    this.#settle()
    if (this.#owner.settings.http2 === true) {
      this.#owner.failed(this)
      this.#rejectAll(() => new ConnectError('protocol', `${why}, expected HTTP/2`))
      return
    }
    this.#owner.wantsHttp1(this)
    let spare = socket
    for (const { opened } of this.#takeWaiters()) {
      opened.resolve({ type: 'http1', socket: spare })
      spare = null
    }
  }

  #fail(cause: Error): void {
    if (this.#isOver) return
    this.#settle()
    this.#drop()
    this.#owner.failed(this)
    this.#rejectAll(() => dialFailure(this.#failedStep, this.#place, cause))
  }

  /** Without TLS, which has ALPN, SETTINGS are the first sign that a server speaks HTTP/2. */
  get #failedStep(): NetworkStep {
    const isGuess = this.#step === 'handshake' && !(this.#socket instanceof TLSSocket)
    return isGuess ? 'protocol' : this.#step
  }

  #leave(waiter: Waiter): void {
    if (!this.#forget(waiter)) return
    waiter.opened.reject(waiter.request.signal.reason)
    if (this.#waiters.size > 0 || this.#isOver) return
    this.#settle()
    this.#drop()
    this.#owner.failed(this)
  }

  #drop(): void {
    if (this.#connection === null) this.#socket?.destroy()
    else this.#connection.drop()
  }

  /** Later events of the socket and the session are not about the opening. */
  #settle(): void {
    this.#isOver = true
  }

  #rejectAll(makeError: () => unknown): void {
    for (const { opened } of this.#takeWaiters()) opened.reject(makeError())
  }

  #takeWaiters(): Waiter[] {
    return [...this.#waiters].filter((waiter) => this.#forget(waiter))
  }

  #forget(waiter: Waiter): boolean {
    waiter.request.signal.removeEventListener('abort', waiter.aborted)
    return this.#waiters.delete(waiter)
  }
}
