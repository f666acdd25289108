/**
 * One connection of HTTP/2, from its acceptance to its end: its streams, its limits, its failure.
 */

import type { Http2Stream, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

import type { TimerWheel, WheelTimer } from '../../../base/internal.ts'
import { type ConnectionFacts, connectionFacts } from '../transports/connection-facts.ts'
import { ErrorCode } from './error-codes.ts'
import type { Http2Settings } from './http2-options.ts'
import type { StreamConnection } from './http2-transport.ts'
import { Pulse } from './pulse.ts'
import { LEAVE_LIMIT_MS, SessionEnd } from './session-end.ts'

/**
 * How long a connection without a stream may take to end after GOAWAY, in milliseconds, where no
 * `idleTimeout` says it: time for the last bytes of an answer to a slow peer.
 */
const CLOSED_LIMIT_MS = 120_000

/**
 * How long GOAWAY waits behind a refusal while the server stops, in milliseconds. The Close frames
 * of the default `grace` are sent and answered by then.
 */
const REFUSAL_LIMIT_MS = 2000

/** How long a client may take to read the answer to a refused request, in milliseconds. */
const ANSWER_LIMIT_MS = 5000

/** What the server knows of a connection. */
export interface AcceptedConnection {
  /** What the session runs on; `null` if it is not known. */
  readonly socket: Socket | null
  /** `null` on a server that is not ours, which limits its connections itself. */
  readonly settings: Http2Settings | null
  /** Called once, when the connection has ended. */
  readonly closed: () => void
}

/** What a stream is to its connection: `watched` and `socket` mean that `watch` was called. */
type StreamUse = 'begun' | 'watched' | 'socket'

/** A connection, and what is counted for it. */
export class Http2Connection implements StreamConnection {
  readonly facts: ConnectionFacts
  /** The socket itself, which Node hides behind a proxy; `null` if it is not known. */
  readonly socket: Socket | null
  readonly #session: ServerHttp2Session
  readonly #timers: TimerWheel
  /** `null` on a server that is not ours. */
  readonly #idleTimeoutMs: number | null
  /** All streams that are open. */
  readonly #streams = new Map<ServerHttp2Stream, StreamUse>()
  /** Listens for the end of all streams: a function for each would cost each session memory. */
  readonly #onStreamClose: (this: ServerHttp2Stream) => void
  /** Streams that `watch` was called for. */
  #watched = 0
  /** Streams that are sessions, or ask for one. */
  #sockets = 0
  /** GOAWAY is sent when the last session has ended. */
  #isLeaving = false
  /** Runs from the first refusal while the server stops; then GOAWAY is sent. */
  #refusal: WheelTimer | null = null
  readonly #end: SessionEnd
  readonly #pulse: Pulse
  #idle: WheelTimer | null = null

  constructor(session: ServerHttp2Session, timers: TimerWheel, accepted: AcceptedConnection) {
    const { socket, settings } = accepted
    this.#session = session
    this.#timers = timers
    this.socket = socket
    this.#idleTimeoutMs = settings?.idleTimeout ?? null
    this.facts = connectionFacts(socket ?? session.socket)
    this.#end = new SessionEnd(session, {
      remote: this.facts.remote.host ?? 'a Unix socket',
      socket,
      timers,
      leaving: () => this.#watchEnd(),
    })
    this.#pulse = new Pulse(session, socket ?? session.socket, timers)
    const closed = (stream: ServerHttp2Stream): void => this.#closed(stream)
    this.#onStreamClose = function () {
      closed(this)
    }
    if (settings !== null) session.setLocalWindowSize(settings.connectionWindow)
    // Before the listeners that may end the stream at once.
    session.prependListener('stream', (stream) => this.#begin(stream))
    session.once('close', () => {
      this.#idle?.cancel()
      this.#refusal?.cancel()
      this.#pulse.stop()
      accepted.closed()
    })
    this.#watchEnd()
  }

  /** The socket for middleware to look at. */
  get shownSocket(): Socket {
    return this.socket ?? this.#session.socket
  }

  get failure(): Error | null {
    return this.#end.failure
  }

  /**
   * Watches the connection for silence as long as `stream` is open. A failure of the stream is not
   * thrown: the stream is closed and reports that. Idempotent.
   */
  watch(stream: ServerHttp2Stream): void {
    // The session of an attached server may be older than this object.
    this.#begin(stream)
    if (this.#streams.get(stream) !== 'begun') return
    this.#streams.set(stream, 'watched')
    this.#watched += 1
    this.#pulse.start()
    stream.on('error', ignoreFailure)
  }

  /**
   * Ends `stream` soon, whether or not the client takes its answer: a client that opens no window
   * would keep the stream, and with it the connection, without being counted anywhere.
   */
  limitAnswer(stream: ServerHttp2Stream): void {
    const deadline = this.#timers.schedule(ANSWER_LIMIT_MS, () => {
      // Without a code, `destroy` would send NO_ERROR: a partial answer would look complete.
      stream.close(ErrorCode.CANCEL)
      stream.destroy()
    })
    stream.once('close', () => deadline.cancel())
  }

  /** How many sessions it has, with requests for more that are being decided. */
  get sockets(): number {
    return this.#sockets
  }

  /** `stream` is a session, or asks for one. */
  addSocket(stream: ServerHttp2Stream): void {
    this.watch(stream)
    this.#streams.set(stream, 'socket')
    this.#sockets += 1
  }

  /** A server need not wait for the end of the client (RFC 9113 §8.1). */
  letGo(stream: Http2Stream): void {
    stream.close(ErrorCode.NO_ERROR)
  }

  /**
   * Takes no more streams once the last session has ended. undici 7 takes a GOAWAY for the end of
   * the connection, and would not read the Close frames behind it.
   */
  leaveAfterSessions(): void {
    this.#isLeaving = true
    if (this.#sockets === 0) this.leave()
  }

  /**
   * A request for a session has been refused. While the server stops, GOAWAY follows soon: without
   * it, browsers and proxies would send each further attempt on this connection too. It does not
   * follow at once, because undici 7 would end the sessions that wait for their Close with 1006.
   */
  refusedSocket(): void {
    if (!this.#isLeaving) return
    this.#refusal ??= this.#timers.schedule(REFUSAL_LIMIT_MS, () => this.leave())
  }

  /** Takes no more streams (GOAWAY, RFC 9113 §6.8). The connection ends with its last stream. */
  leave(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close()
  }

  /** Ends the connection with all of its streams. */
  drop(): void {
    this.#session.destroy()
  }

  #begin(stream: ServerHttp2Stream): void {
    if (this.#streams.has(stream)) return
    this.#streams.set(stream, 'begun')
    this.#idle?.cancel()
    this.#idle = null
    stream.on('close', this.#onStreamClose)
  }

  #closed(stream: ServerHttp2Stream): void {
    const use = this.#streams.get(stream)
    this.#streams.delete(stream)
    if (use === 'socket') {
      this.#sockets -= 1
      if (this.#isLeaving && this.#sockets === 0) this.leave()
    }
    if (use !== 'begun') {
      this.#watched -= 1
      if (this.#watched === 0) this.#pulse.stop()
    }
    this.#watchEnd()
  }

  /**
   * A connection without a stream is closed after a while, whatever else it sends. One that said or
   * heard GOAWAY has a deadline on every server: Node keeps it while the peer does not read.
   */
  #watchEnd(): void {
    if (this.#streams.size > 0 || this.#idle !== null || this.#session.destroyed) return
    const limitMs = this.#idleTimeoutMs ?? (this.#session.closed ? CLOSED_LIMIT_MS : null)
    if (limitMs === null) return
    this.#idle = this.#timers.schedule(limitMs, () => {
      this.leave()
      this.#idle = this.#timers.schedule(LEAVE_LIMIT_MS, () => this.drop())
    })
  }
}

function ignoreFailure(): void {
  // `close` follows, and the connection goes on.
}
