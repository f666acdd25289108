/**
 * One connection of HTTP/2, from its acceptance to its end: its streams, its limits, its failure.
 */

import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

import type { TimerWheel, WheelTimer } from '../../../base/internal.ts'
import { type ConnectionFacts, connectionFacts } from '../transports/connection-facts.ts'
import { connectionLost } from './error-codes.ts'
import type { Http2Settings } from './http2-options.ts'
import type { StreamConnection } from './http2-transport.ts'

/** How long a connection that said GOAWAY may take to end, in milliseconds. */
const LEAVE_LIMIT_MS = 1000

/** What the server knows of a connection that it accepted itself. */
export interface OwnConnection {
  /** What the session runs on. */
  readonly socket: Socket
  readonly settings: Http2Settings
  /** Called once, when the connection has ended. */
  readonly closed: () => void
}

/** A connection, and what is counted for it. */
export class Http2Connection implements StreamConnection {
  readonly facts: ConnectionFacts
  /** Sessions, and requests for more that are being decided. */
  sockets = 0
  readonly #session: ServerHttp2Session
  readonly #timers: TimerWheel
  /** `null` on a server that is not ours. */
  readonly #idleTimeoutMs: number | null
  #streams = 0
  #idle: WheelTimer | null = null
  #failure: Error | null = null
  #error: Error | null = null

  /** @param own absent on a server that is not ours, whose connections it limits itself. */
  constructor(session: ServerHttp2Session, timers: TimerWheel, own: OwnConnection | null = null) {
    this.#session = session
    this.#timers = timers
    this.#idleTimeoutMs = own?.settings.idleTimeout ?? null
    this.facts = connectionFacts(own?.socket ?? session.socket)
    deferDestroy(session, () => {
      if (own !== null) this.#endSocket(own.socket)
    })
    if (own !== null) session.setLocalWindowSize(own.settings.connectionWindow)
    session.on('error', (error: Error) => {
      this.#error ??= error
    })
    session.once('close', () => {
      this.#idle?.cancel()
      own?.closed()
    })
    this.#watchIdle()
  }

  get failure(): Error | null {
    if (!this.#session.destroyed && !this.#session.closed) return null
    if (this.#failure === null && this.#session.destroyed) {
      this.#failure = connectionLost(this.facts.remote.host ?? 'a Unix socket', this.#error)
    }
    return this.#failure
  }

  /** A stream has begun. Returns the function that reports its end. */
  enter(): () => void {
    this.#streams += 1
    this.#idle?.cancel()
    this.#idle = null
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#streams -= 1
      if (this.#streams === 0) this.#watchIdle()
    }
  }

  /** Takes no more streams (GOAWAY, RFC 9113 §6.8). The connection ends with its last stream. */
  leave(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close()
  }

  /** Ends the connection with all of its streams. */
  drop(): void {
    this.#session.destroy()
  }

  /** A connection without a stream is closed after a while, whatever else it sends. */
  #watchIdle(): void {
    if (this.#idleTimeoutMs === null || this.#session.closed || this.#session.destroyed) return
    this.#idle = this.#timers.schedule(this.#idleTimeoutMs, () => {
      this.leave()
      this.#idle = this.#timers.schedule(LEAVE_LIMIT_MS, () => this.drop())
    })
  }

  /** Node ends the socket of a session that it closes, and then waits for the peer for ever. */
  #endSocket(socket: Socket): void {
    if (socket.destroyed) return
    const deadline = this.#timers.schedule(LEAVE_LIMIT_MS, () => socket.destroy())
    socket.once('close', () => deadline.cancel())
  }
}

/**
 * Makes `destroy` of `session` safe to call from anywhere. Node 22.23 aborts the process if a
 * session is destroyed while one of its reads is handled (nodejs/node#64850), and Node itself does
 * so when a client sends GOAWAY and DATA in one chunk.
 *
 * @param destroyed called when it has been destroyed.
 */
function deferDestroy(session: ServerHttp2Session, destroyed: () => void): void {
  const destroy = session.destroy.bind(session)
  let isScheduled = false
  session.destroy = (...reason) => {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      destroy(...reason)
      destroyed()
    })
  }
}
