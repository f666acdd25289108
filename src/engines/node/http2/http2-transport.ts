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
  #receiver: TransportReceiver | null = null
  /** Bytes have been answered `queued`. */
  #isBacklogged = false
  #isPaused = false
  #hasEnded = false
  #isAborted = false
  #isFinal = false

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
    this.#carrier = new StreamTransport(stream, NO_BYTES, facts)
    // Until Node 26 a reset with NO_ERROR leaves a stream open whose writes wait for the window.
    stream.once('aborted', () => setImmediate(() => stream.destroy()))
  }

  get queuedBytes(): number {
    return this.#isBacklogged ? this.#carrier.queuedBytes : 0
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
    this.#receiver = receiver
    this.#inbox.onKept = (bytes) => receiver.unread(bytes)
    if (!this.#isPaused) this.#inbox.release()
    this.#carrier.start({
      receive: (bytes) => {
        if (!this.#isAborted) receiver.receive(bytes)
      },
      // The inbox reports what waits.
      unread: () => {},
      receiveEnd: () => this.#ended(),
      drained: () => this.#drained(),
      closed: (cause) => receiver.closed(this.#causeOf(cause)),
    })
  }

  write(bytes: Uint8Array): WriteOutcome {
    if (this.#carrier.write(bytes) === 'taken') return 'taken'
    const isGone = this.#isAborted || this.#stream.destroyed
    if (!isGone && !this.#isBacklogged && this.#carrier.queuedBytes <= TAKEN_BYTES) return 'taken'
    this.#isBacklogged = true
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
    if (this.#receiver !== null) this.#inbox.release()
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
    if (!this.#isAborted) this.#inbox.release()
    this.#carrier.end()
    if (!isFinal || this.#isFinal || this.#isAborted || this.#stream.destroyed) return
    this.#isFinal = true
    const stream = this.#stream
    // Before END_STREAM has been sent, a reset would drop the writes that wait.
    if (stream.writableFinished) this.#connection.letGo(stream)
    else stream.once('finish', () => this.#connection.letGo(stream))
  }

  abort(): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#inbox.drop()
    // What was answered `taken` goes out with the end of this turn.
    if (this.#isBacklogged || this.#carrier.queuedBytes === 0) this.#reset()
    else setImmediate(() => this.#reset())
  }

  #reset(): void {
    // Without a code, `destroy` would send NO_ERROR, which the peer takes for an orderly end.
    if (!this.#stream.destroyed) this.#stream.close(ErrorCode.CANCEL)
    this.#carrier.abort()
  }

  #drained(): void {
    if (!this.#isBacklogged) return
    this.#isBacklogged = false
    this.#receiver?.drained()
  }

  #ended(): void {
    // `closed` follows, with the cause.
    if (!this.#isReset && !this.#isAborted) this.#receiver?.receiveEnd()
  }

  get #isReset(): boolean {
    const { aborted, rstCode } = this.#stream
    return aborted || (rstCode !== undefined && rstCode !== ErrorCode.NO_ERROR)
  }

  #causeOf(cause: Error | null): Error | null {
    if (this.#isAborted || this.#isFinal) return null
    if (!this.#isReset) return cause
    return this.#connection.failure ?? streamReset(this.#stream.rstCode ?? ErrorCode.NO_ERROR)
  }
}
