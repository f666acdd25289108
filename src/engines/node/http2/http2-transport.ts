/**
 * Carries a session on one stream of HTTP/2 (RFC 8441 §5): END_STREAM is the FIN of TCP, and
 * RST_STREAM is its reset.
 *
 * Node reports a stream that was reset as one that ended, and the death of the whole connection
 * too. Only `aborted` and `rstCode` tell them apart. Bytes travel as on any other Duplex, so
 * a `StreamTransport` carries them.
 */

import type { Http2Stream } from 'node:http2'

import type {
  Transport,
  TransportAddress,
  TransportReceiver,
  WriteOutcome,
} from '../../../session/index.ts'
import type { ConnectionFacts } from '../transports/connection-facts.ts'
import { StreamTransport } from '../transports/stream-transport.ts'
import { ErrorCode, streamReset } from './error-codes.ts'
import { StreamInbox } from './stream-inbox.ts'

const NO_BYTES = new Uint8Array(0)

/**
 * Node always sends the bytes of a stream later. Up to here they count as taken, like those in the
 * buffer of a TCP socket: else the ping of a session would itself pass for progress of its writes.
 */
const TAKEN_BYTES = 16 * 1024

/** What a transport asks about the connection that its stream belongs to. */
export interface StreamConnection {
  /** Why the connection ended, the same error for all streams; `null` while it is open. */
  readonly failure: Error | null
  /**
   * Nothing more of the peer is awaited on `stream`, and END_STREAM has been sent. The stream must
   * end soon, also if the peer never ends its side.
   */
  letGo(stream: Http2Stream): void
}

/** A transport over an open stream that belongs to it from now on. */
export class Http2Transport implements Transport {
  readonly local: TransportAddress
  readonly remote: TransportAddress
  readonly encrypted: boolean
  readonly #stream: Http2Stream
  readonly #connection: StreamConnection
  readonly #carrier: StreamTransport
  readonly #inbox: StreamInbox
  readonly #reports: Reports
  #isPaused = false
  #hasEnded = false

  /** @param inbox has what arrived before. */
  constructor(
    stream: Http2Stream,
    connection: StreamConnection,
    facts: ConnectionFacts,
    inbox: StreamInbox = new StreamInbox(stream),
  ) {
    this.local = facts.local
    this.remote = facts.remote
    this.encrypted = facts.encrypted
    this.#stream = stream
    this.#connection = connection
    this.#inbox = inbox
    this.#reports = new Reports(stream, connection)
    this.#carrier = new StreamTransport(stream, NO_BYTES, facts)
    stream.once('trailers', refuseTrailers)
    // Until Node 26 a reset with NO_ERROR leaves a stream open whose writes wait for the window.
    stream.on('aborted', destroySoon)
  }

  get queuedBytes(): number {
    return this.#reports.isBacklogged ? this.#carrier.queuedBytes : 0
  }

  get isShared(): true {
    return true
  }

  get unreadBytes(): number {
    return this.#inbox.bytes
  }

  get bytesWritten(): number {
    return this.#carrier.bytesWritten
  }

  start(receiver: TransportReceiver): void {
    this.#reports.receiver = receiver
    this.#inbox.keeper = receiver
    if (!this.#isPaused) this.#inbox.release()
    this.#carrier.start(this.#reports)
  }

  write(bytes: Uint8Array): WriteOutcome {
    if (this.#carrier.write(bytes) === 'taken') return 'taken'
    const { isAborted, isBacklogged } = this.#reports
    const isGone = isAborted || this.#stream.destroyed
    if (!isGone && !isBacklogged && this.#carrier.queuedBytes <= TAKEN_BYTES) return 'taken'
    this.#reports.isBacklogged = true
    return 'queued'
  }

  pause(): void {
    if (this.#hasEnded) return
    this.#isPaused = true
    this.#carrier.pause()
    this.#inbox.hold()
  }

  resume(): void {
    this.#isPaused = false
    if (this.#reports.receiver !== null) this.#inbox.release()
    this.#carrier.resume()
  }

  /** A reset of the stream is reported although the stream is not read. */
  probe(): void {}

  /**
   * With `isFinal`, lets go of the stream behind END_STREAM: undici 7 and Apache 2.4 never end
   * their own side.
   */
  end(isFinal: boolean = false): void {
    this.#hasEnded = true
    // The carrier reads on after its end, whatever paused it.
    const { isAborted } = this.#reports
    if (!isAborted) this.#inbox.release()
    this.#carrier.end()
    if (!isFinal || this.#reports.isFinal || isAborted || this.#stream.destroyed) return
    this.#reports.isFinal = true
    const stream = this.#stream
    // Before END_STREAM has been sent, a reset would drop the writes that wait.
    if (stream.writableFinished) this.#connection.letGo(stream)
    else stream.once('finish', () => this.#connection.letGo(stream))
  }

  abort(): void {
    if (this.#reports.isAborted) return
    this.#reports.isAborted = true
    this.#inbox.drop()
    // What was answered `taken` goes out with the end of this turn.
    if (this.#reports.isBacklogged || this.#carrier.queuedBytes === 0) this.#reset()
    else setImmediate(() => this.#reset())
  }

  #reset(): void {
    // Without a code, `destroy` would send NO_ERROR, which the peer takes for an orderly end.
    if (!this.#stream.destroyed) this.#stream.close(ErrorCode.CANCEL)
    this.#carrier.abort()
  }
}

function destroySoon(this: Http2Stream): void {
  setImmediate(() => this.destroy())
}

/**
 * Passes the reports of the carrier on to the session. One object for all reports takes less memory
 * of each session than a function for each of them.
 */
class Reports implements TransportReceiver {
  receiver: TransportReceiver | null = null
  /** Bytes have been answered `queued`. */
  isBacklogged = false
  isAborted = false
  /** The end of the peer is not awaited. */
  isFinal = false
  readonly #stream: Http2Stream
  readonly #connection: StreamConnection

  constructor(stream: Http2Stream, connection: StreamConnection) {
    this.#stream = stream
    this.#connection = connection
  }

  receive(bytes: Uint8Array): void {
    if (!this.isAborted) this.receiver?.receive(bytes)
  }

  /** The inbox reports what waits. */
  unread(): void {}

  receiveEnd(): void {
    // `closed` follows, with the cause.
    if (!this.#isReset && !this.isAborted) this.receiver?.receiveEnd()
  }

  drained(): void {
    if (!this.isBacklogged) return
    this.isBacklogged = false
    this.receiver?.drained()
  }

  closed(cause: Error | null): void {
    this.receiver?.closed(this.#causeOf(cause))
  }

  get #isReset(): boolean {
    const { aborted, rstCode } = this.#stream
    return aborted || (rstCode !== undefined && rstCode !== ErrorCode.NO_ERROR)
  }

  #causeOf(cause: Error | null): Error | null {
    if (this.isAborted || this.isFinal) return null
    if (!this.#isReset) return cause
    return this.#connection.failure ?? streamReset(this.#stream.rstCode ?? ErrorCode.NO_ERROR)
  }
}

/**
 * After an extended CONNECT, HEADERS on its stream are a stream error (RFC 9113 §8.5).
 *
 * `close` would send END_STREAM first: if the HEADERS had it too, the stream is over then, and
 * Node 24.21 sends no reset. `destroy` resets with INTERNAL_ERROR.
 */
function refuseTrailers(this: Http2Stream): void {
  this.destroy(new Error('The peer sent HEADERS on the stream of a WebSocket'))
}
