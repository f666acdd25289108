/**
 * Finds connections with streams on which nothing moves any more. Node 20 leaves a connection open
 * and unread after a peer has broken a rule of HTTP/2, and then does not notice that the peer is
 * gone. A silent connection is asked by a PING, or by SETTINGS after a GOAWAY.
 */

import type { Http2Session } from 'node:http2'

import type { TimerWheel, WheelTimer } from '../../../base/internal.ts'

/** How long a connection may be silent before it is asked, and how long it may take to answer. */
const SILENCE_MS = 30_000

/** More than a PING or empty SETTINGS add to the bytes that were written. */
const PING_COST_BYTES = 64

/** The counters of a socket. */
interface ByteCounters {
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** Watches a connection while it has streams. */
export class Pulse {
  readonly #session: Http2Session
  readonly #socket: ByteCounters
  readonly #timers: TimerWheel
  #timer: WheelTimer | null = null
  #read = 0
  #written = 0
  #isAsked = false

  constructor(session: Http2Session, socket: ByteCounters, timers: TimerWheel) {
    this.#session = session
    this.#socket = socket
    this.#timers = timers
  }

  /** Begins to watch. Idempotent. */
  start(): void {
    if (this.#timer !== null || this.#session.destroyed) return
    this.#take()
    this.#wait()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #wait(): void {
    this.#timer = this.#timers.schedule(SILENCE_MS, () => this.#check())
  }

  #check(): void {
    if (this.#session.destroyed) return
    const { bytesRead, bytesWritten } = this.#socket
    const hasSent = bytesWritten > this.#written + (this.#isAsked ? PING_COST_BYTES : 0)
    if (bytesRead > this.#read || hasSent) this.#take()
    else if (this.#isAsked) {
      this.#session.destroy()
      return
    } else this.#ask()
    this.#wait()
  }

  #take(): void {
    const { bytesRead, bytesWritten } = this.#socket
    this.#read = bytesRead
    this.#written = bytesWritten
    this.#isAsked = false
  }

  #ask(): void {
    this.#isAsked = true
    // Node sends no PING on a session that said or heard GOAWAY. A peer must acknowledge SETTINGS.
    if (this.#session.closed) this.#session.settings({})
    // Any byte counts as an answer, so the result of the PING is ignored.
    else this.#session.ping(() => {})
  }
}
