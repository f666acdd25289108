/**
 * One destination of a client: its HTTP/2 connections, those in the making, and whether it wants
 * HTTP/1.1.
 */

import type { Environment } from '../../../base/internal.ts'
import type { DialRequest } from '../../../client/internal.ts'
import type { DialerSettings } from '../dialing/client-options.ts'
import { Http2Opening, type Opened, type OpeningOwner } from './http2-opening.ts'
import { MAX_STREAMS, type PooledConnection } from './pooled-connection.ts'

/** How long a destination counts as one of HTTP/1.1, in milliseconds. */
const HTTP1_MEMORY_MS = 10 * 60_000

/** How a request gets on: on an HTTP/2 connection that it has entered, or over HTTP/1.1. */
export type Way = Exclude<Opened, { readonly type: 'full' }>

/** Finds a connection for each request to one destination. */
export class Http2Place implements OpeningOwner {
  readonly settings: DialerSettings
  readonly environment: Environment
  readonly #request: Pick<DialRequest, 'url' | 'isElsewhere'>
  readonly #connections = new Set<PooledConnection>()
  readonly #openings = new Set<Http2Opening>()
  #http1Until = -Infinity
  /** The streams that the last connection allowed. */
  #room = MAX_STREAMS

  constructor(request: DialRequest, settings: DialerSettings, environment: Environment) {
    this.settings = settings
    this.environment = environment
    this.#request = { url: request.url, isElsewhere: request.isElsewhere }
  }

  /** Whether requests with `settings` may share the connections of this place. */
  serves({ url, isElsewhere }: DialRequest, { tls, socketPath, http2 }: DialerSettings): boolean {
    const own = this.#request
    return (
      own.url.host === url.host &&
      own.url.protocol === url.protocol &&
      own.isElsewhere === isElsewhere &&
      this.settings.socketPath === socketPath &&
      this.settings.http2 === http2 &&
      isSame(this.settings.tls, tls)
    )
  }

  /** Whether nothing would be lost without it but the memory that it wants HTTP/1.1. */
  get isEmpty(): boolean {
    return this.#connections.size === 0 && this.#openings.size === 0
  }

  /** Whether it may be forgotten. */
  get isSpent(): boolean {
    return this.isEmpty && !this.#wantsHttp1
  }

  /**
   * Finds a way for `request`.
   *
   * @param except a connection that has refused it.
   * @throws (by rejecting) {ConnectError} if there is no connection; the signal's reason.
   */
  async enter(request: DialRequest, except: PooledConnection | null): Promise<Way> {
    for (;;) {
      if (this.#wantsHttp1) return { type: 'http1', socket: null }
      for (const connection of this.#connections) {
        if (connection === except || !connection.hasRoom) continue
        return { type: 'connection', connection, leave: connection.enter() }
      }
      const opened = await this.#openingFor(request).join(request)
      if (opened.type !== 'full') return opened
    }
  }

  /** Remembers for a while that the server wants HTTP/1.1. */
  preferHttp1(): void {
    this.#http1Until = this.environment.clock.now() + HTTP1_MEMORY_MS
  }

  /** Closes its connections at once, and resolves when they have ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.close()))
  }

  opened(opening: Http2Opening, connection: PooledConnection): void {
    this.#openings.delete(opening)
    this.#connections.add(connection)
    this.#room = connection.capacity
    connection.session.once('close', () => this.#connections.delete(connection))
  }

  wantsHttp1(opening: Http2Opening): void {
    this.#openings.delete(opening)
    this.preferHttp1()
  }

  failed(opening: Http2Opening): void {
    this.#openings.delete(opening)
  }

  get #wantsHttp1(): boolean {
    return this.environment.clock.now() < this.#http1Until
  }

  /** Requests wait for the same connection, as long as it will have room for them. */
  #openingFor(request: DialRequest): Http2Opening {
    for (const opening of this.#openings) if (opening.waiting < this.#room) return opening
    const opening = new Http2Opening(this, request)
    this.#openings.add(opening)
    return opening
  }
}

/** Whether two objects have the same fields with the same values. */
function isSame(one: object, other: object): boolean {
  if (one === other) return true
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.is(Reflect.get(one, name), Reflect.get(other, name)))
  )
}
