/**
 * The end of a connection of HTTP/2: why it ended, and two faults of Node's module around it.
 */

import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'

import type { TimerWheel } from '../../../base/internal.ts'
import { connectionLost } from './error-codes.ts'

/** How long a connection that said GOAWAY may take to end, in milliseconds. */
export const LEAVE_LIMIT_MS = 1000

/** What is known of a connection beside its session. */
interface EndedConnection {
  /** The peer, for messages. */
  readonly remote: string
  /** What the session runs on; `null` if it is not known. */
  readonly socket: Socket | null
  readonly timers: TimerWheel
  /** Called when the session takes no more streams, because either side said GOAWAY. */
  readonly leaving?: () => void
}

/** Watches a session until it has ended. */
export class SessionEnd {
  readonly #session: Http2Session
  readonly #connection: EndedConnection
  #isNear = false
  #error: Error | null = null
  #failure: Error | null = null

  constructor(session: Http2Session, connection: EndedConnection) {
    this.#session = session
    this.#connection = connection
    this.#deferDestroy()
    if (connection.leaving !== undefined) this.#reportClose(connection.leaving)
    session.on('error', (error: Error) => {
      this.#error ??= error
    })
  }

  /** Whether the session is destroyed, or will be with the end of this turn. */
  get isNear(): boolean {
    return this.#isNear || this.#session.destroyed
  }

  /** Why the connection ended, the same error for all of its streams; `null` while it is open. */
  get failure(): Error | null {
    if (this.#failure === null && this.#session.destroyed) {
      this.#failure = connectionLost(this.#connection.remote, this.#error)
    }
    return this.#failure
  }

  /**
   * Makes `destroy` of the session safe to call from anywhere. Node 22.23 aborts the process if a
   * session is destroyed while one of its reads is handled (nodejs/node#64850), and Node itself
   * does so when a peer sends GOAWAY and DATA in one chunk.
   */
  #deferDestroy(): void {
    const session = this.#session
    const destroy = session.destroy.bind(session)
    session.destroy = (...reason) => {
      if (this.#isNear) return
      this.#isNear = true
      setImmediate(() => {
        destroy(...reason)
        this.#endSocket()
      })
    }
  }

  /** Node itself calls `close` for a GOAWAY, and makes no event of it. */
  #reportClose(leaving: () => void): void {
    const session = this.#session
    const close = session.close.bind(session)
    session.close = (callback) => {
      close(callback)
      leaving()
    }
  }

  /** Node ends the socket of a session that it closes, and then waits for the peer for ever. */
  #endSocket(): void {
    const { socket, timers } = this.#connection
    if (socket === null || socket.destroyed) return
    const deadline = timers.schedule(LEAVE_LIMIT_MS, () => socket.destroy())
    socket.once('close', () => deadline.cancel())
  }
}
