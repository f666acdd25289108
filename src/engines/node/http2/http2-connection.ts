/**
 * One connection of HTTP/2, from its acceptance to its end: its streams, its limits, its failure.
 */

import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

import type { TimerWheel, WheelTimer } from '../../../base/internal.ts'
import { type ConnectionFacts, connectionFacts } from '../transports/connection-facts.ts'
import type { Http2Settings } from './http2-options.ts'
import type { StreamConnection } from './http2-transport.ts'
import { Pulse } from './pulse.ts'
import { LEAVE_LIMIT_MS, SessionEnd } from './session-end.ts'

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
  /** The socket itself, which Node hides behind a proxy; `null` on a server that is not ours. */
  readonly socket: Socket | null
  /** Sessions, and requests for more that are being decided. */
  sockets = 0
  readonly #session: ServerHttp2Session
  readonly #timers: TimerWheel
  /** `null` on a server that is not ours. */
  readonly #idleTimeoutMs: number | null
  #streams = 0
  readonly #end: SessionEnd
  readonly #pulse: Pulse
  #idle: WheelTimer | null = null

  /** @param own absent on a server that is not ours, whose connections it limits itself. */
  constructor(session: ServerHttp2Session, timers: TimerWheel, own: OwnConnection | null = null) {
    this.#session = session
    this.#timers = timers
    this.socket = own?.socket ?? null
    this.#idleTimeoutMs = own?.settings.idleTimeout ?? null
    this.facts = connectionFacts(own?.socket ?? session.socket)
    this.#end = new SessionEnd(session, {
      remote: this.facts.remote.host ?? 'a Unix socket',
      socket: own?.socket ?? null,
      timers,
    })
    this.#pulse = new Pulse(session, own?.socket ?? session.socket, timers)
    if (own !== null) session.setLocalWindowSize(own.settings.connectionWindow)
    session.once('close', () => {
      this.#idle?.cancel()
      this.#pulse.stop()
      own?.closed()
    })
    this.#watchIdle()
  }

  get failure(): Error | null {
    return this.#end.failure
  }

  /** A stream has begun. Returns the function that reports its end. */
  enter(): () => void {
    this.#streams += 1
    this.#idle?.cancel()
    this.#idle = null
    this.#pulse.start()
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#streams -= 1
      if (this.#streams > 0) return
      this.#pulse.stop()
      this.#watchIdle()
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

  /**
   * A connection without a stream is closed after a while, whatever else it sends. A session that
   * said GOAWAY has the same deadline: Node keeps it while the peer does not read pending data.
   */
  #watchIdle(): void {
    if (this.#idleTimeoutMs === null || this.#session.destroyed) return
    this.#idle = this.#timers.schedule(this.#idleTimeoutMs, () => {
      this.leave()
      this.#idle = this.#timers.schedule(LEAVE_LIMIT_MS, () => this.drop())
    })
  }
}
