/**
 * One HTTP/2 connection of a client, which its sessions share: how many streams it may take, and
 * when it is closed.
 */

import type { ClientHttp2Session, Http2Stream } from 'node:http2'
import type { Socket } from 'node:net'

import { Deferred, type TimerWheel, type WheelTimer } from '../../../base/internal.ts'
import { ErrorCode } from '../http2/error-codes.ts'
import type { StreamConnection } from '../http2/http2-transport.ts'
import { Pulse } from '../http2/pulse.ts'
import { LEAVE_LIMIT_MS, SessionEnd } from '../http2/session-end.ts'
import { type ConnectionFacts, connectionFacts } from '../transports/connection-facts.ts'

/** How many streams a connection takes, whatever more the server allows. */
export const MAX_STREAMS = 100

/** How long a connection without a stream is kept, in milliseconds. */
const IDLE_MS = 5_000

/** How long the server may take to end a stream after both Close frames, in milliseconds. */
const LET_GO_MS = 1000

/** The window of all streams of a connection together, in bytes. */
const CONNECTION_WINDOW = 8 * 1024 * 1024

/** Node keeps the origins that a server claims in ORIGIN frames (RFC 8336), without a limit. */
const MAX_ORIGIN_FRAMES = 100

/** A connection, and what is counted for it. */
export class PooledConnection implements StreamConnection {
  readonly facts: ConnectionFacts
  readonly session: ClientHttp2Session
  readonly #timers: TimerWheel
  readonly #end: SessionEnd
  readonly #pulse: Pulse
  #streams = 0
  #isRetired = false
  /** The client is closed. */
  #isClosing = false
  #idle: WheelTimer | null = null
  /** The last stream that the server handles, by its GOAWAY. */
  #lastHandled = Infinity

  constructor(session: ClientHttp2Session, socket: Socket, timers: TimerWheel) {
    this.session = session
    this.#timers = timers
    this.facts = connectionFacts(socket)
    const remote = this.facts.remote.host ?? 'a Unix socket'
    this.#end = new SessionEnd(session, { remote, socket, timers })
    this.#pulse = new Pulse(session, socket, timers)
    session.once('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW)
    })
    session.once('close', () => {
      this.#idle?.cancel()
      this.#pulse.stop()
    })
    session.on('goaway', (_code: number, lastStream: number) => {
      this.#lastHandled = lastStream
      this.#isRetired = true
    })
    let originFrames = 0
    session.on('origin', () => {
      originFrames += 1
      if (originFrames > MAX_ORIGIN_FRAMES) session.destroy()
    })
  }

  get failure(): Error | null {
    return this.#end.failure
  }

  /** A reset at once could overtake our Close frame in a proxy, so the server gets some time. */
  letGo(stream: Http2Stream): void {
    if (stream.destroyed) return
    const deadline = this.#timers.schedule(LET_GO_MS, () => stream.close(ErrorCode.CANCEL))
    stream.once('close', () => deadline.cancel())
  }

  /** How many streams it may have at once, by the server's SETTINGS. */
  get capacity(): number {
    const { enableConnectProtocol, maxConcurrentStreams } = this.session.remoteSettings
    if (enableConnectProtocol !== true) return 0
    return Math.min(maxConcurrentStreams ?? MAX_STREAMS, MAX_STREAMS)
  }

  /** Whether it takes one more stream. */
  get hasRoom(): boolean {
    if (this.#isRetired || this.#end.isNear || this.session.closed) return false
    return this.#streams < this.capacity
  }

  /** Whether the server has said that it does not handle a stream, which may then be repeated. */
  ignores(stream: number | undefined): boolean {
    return stream !== undefined && stream > this.#lastHandled
  }

  /** A stream begins. Returns the function that reports its end. */
  enter(): () => void {
    this.#streams += 1
    this.#idle?.cancel()
    this.#pulse.start()
    if (!this.session.destroyed) this.session.ref()
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#streams -= 1
      this.watchIdle()
    }
  }

  /** A connection without a stream does not keep the process alive, and is closed after a while. */
  watchIdle(): void {
    if (this.#streams > 0) return
    this.#pulse.stop()
    if (this.session.destroyed || this.#end.isNear) return
    if (!this.#isClosing) this.session.unref()
    this.#idle?.cancel()
    if (this.session.closed) {
      // After GOAWAY, Node keeps the connection until its last bytes are taken, which may be never.
      const limitMs = this.#isClosing ? LEAVE_LIMIT_MS : IDLE_MS
      this.#idle = this.#timers.schedule(limitMs, () => this.drop())
      return
    }
    this.#idle = this.#timers.schedule(this.#isRetired ? 0 : IDLE_MS, () => {
      this.retire()
      this.#idle = this.#timers.schedule(LEAVE_LIMIT_MS, () => this.drop())
    })
  }

  /** Takes no more streams. It ends with the last one. */
  retire(): void {
    this.#isRetired = true
    if (!this.session.closed && !this.#end.isNear) this.session.close()
  }

  /**
   * Closes the connection with GOAWAY, or with the end of its last stream. It keeps the process
   * alive until then. Resolves when it has ended: two seconds after its last stream at the latest.
   */
  close(): Promise<void> {
    const closed = new Deferred<void>()
    if (this.session.destroyed) return Promise.resolve()
    this.session.once('close', () => closed.resolve())
    this.#isClosing = true
    this.session.ref()
    this.retire()
    this.watchIdle()
    return closed.promise
  }

  /** Ends the connection with all of its streams. */
  drop(): void {
    this.#isRetired = true
    this.session.destroy()
  }
}
