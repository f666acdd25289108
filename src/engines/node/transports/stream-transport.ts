/**
 * Carries a session over any Duplex of Node by its public API: TCP, TLS, Unix sockets and streams
 * in memory.
 *
 * It listens from its construction on: a socket that fails before the start neither throws nor goes
 * unnoticed. After our end it keeps reading, even when paused. Unread bytes would make the kernel
 * send a reset, which can destroy a Close frame that the peer has not read, and would hide the end
 * of the peer. The receiver gets these bytes and may ignore them; it aborts a peer that never ends.
 */

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type {
  Transport,
  TransportAddress,
  TransportReceiver,
  WriteOutcome,
} from '../../../session/index.ts'

import type { ConnectionFacts } from './connection-facts.ts'
import { type EndedTransport, reportEnd } from './ends-per-turn.ts'
import { reportDrained } from './report-drained.ts'

/** Time without traffic after which the kernel begins to probe the peer. */
const KEEP_ALIVE_DELAY_MS = 30_000

/** Sends small writes at once, and lets the kernel find dead peers. */
export function tuneSocket(socket: Socket): void {
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
}

/** A larger write is given to the stream in pieces of this size. */
const PIECE_BYTES = 128 * 1024

const NO_BYTES = new Uint8Array(0)

/** Where a stream keeps its transport, so that all connections share one set of listeners. */
const OWNER = Symbol('towpath.transport')
type OwnedDuplex = Duplex & { [OWNER]: StreamTransport }

/** A transport over a Duplex that was opened elsewhere and belongs to the transport from now on. */
export class StreamTransport implements Transport, EndedTransport {
  readonly local: TransportAddress
  readonly remote: TransportAddress
  readonly encrypted: boolean
  bytesWritten = 0

  readonly #stream: OwnedDuplex
  readonly #isSocket: boolean
  readonly #onWritten: (error?: Error | null) => void
  #head: Uint8Array | null
  #receiver: TransportReceiver | null = null
  #begun = false
  #reading = false
  #paused = false
  #ended = false
  #aborted = false
  #closed = false
  #awaitsDrain = false
  /** An end waits for its turn to be reported to the receiver. */
  #endWaits = false
  #cause: Error | null = null
  /** Pieces of large writes that the stream has not been given yet; absent while there are none. */
  #waiting: Uint8Array[] | null = null
  #waitingBytes = 0

  /**
   * @param stream open, without other listeners or readers. Sets `TCP_NODELAY`, keep-alive after
   *   30 s, no idle timeout, and half-open closing.
   * @param head bytes that were read before and come first; kept until they are delivered.
   */
  constructor(stream: Duplex, head: Uint8Array, facts: ConnectionFacts) {
    this.local = facts.local
    this.remote = facts.remote
    this.encrypted = facts.encrypted
    // The constructor is what makes it owned, below.
    this.#stream = stream as OwnedDuplex
    this.#head = head.length === 0 ? null : head
    this.#isSocket = stream instanceof Socket
    this.#onWritten = (error) => this.#settleWrite(error)

    // The peer's FIN must not end our direction: a Close frame may still have to go out.
    stream.allowHalfOpen = true
    if (stream instanceof Socket) {
      tuneSocket(stream)
      stream.setTimeout(0)
    }

    this.#stream[OWNER] = this
    stream.on('error', StreamTransport.#onError)
    stream.on('close', StreamTransport.#onClose)
    // A stream that was destroyed before has perhaps emitted 'close' already.
    if (stream.closed) this.#settleClosed()
  }

  get queuedBytes(): number {
    return this.#closed ? 0 : this.#stream.writableLength + this.#waitingBytes
  }

  get isShared(): false {
    return false
  }

  get unreadBytes(): 0 {
    return 0
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
    process.nextTick(StreamTransport.#begin, this)
  }

  write(bytes: Uint8Array): WriteOutcome {
    const stream = this.#stream
    if (this.#aborted || stream.destroyed) return 'queued'
    if (this.#ended) return 'taken'

    this.bytesWritten += bytes.length
    // A socket hands the memory to the kernel or keeps it until the callback. Any other Duplex may
    // pass it on by reference for good, and the caller will use it again.
    const kept = this.#isSocket ? bytes : Buffer.from(bytes)
    if (bytes.length > PIECE_BYTES || this.#waiting !== null) this.#writeInPieces(kept)
    else stream.write(kept, this.#onWritten)
    if (this.queuedBytes === 0) return 'taken'
    this.#awaitsDrain = true
    return 'queued'
  }

  /** A stream says that a write is done when all of it is: pieces show that a large one moves. */
  #writeInPieces(bytes: Uint8Array): void {
    this.#waiting ??= []
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      this.#waiting.push(bytes.subarray(at, at + PIECE_BYTES))
    }
    this.#waitingBytes += bytes.length
    this.#writeWaiting()
  }

  /** Writes pieces as long as the stream takes them at once. */
  #writeWaiting(): void {
    const waiting = this.#waiting
    const stream = this.#stream
    if (waiting === null || stream.destroyed) return
    while (stream.writableLength === 0) {
      const piece = waiting.shift()
      if (piece === undefined) {
        this.#waiting = null
        if (this.#ended) stream.end()
        return
      }
      this.#waitingBytes -= piece.length
      stream.write(piece, this.#onWritten)
    }
  }

  pause(): void {
    if (this.#paused || this.#ended) return
    this.#paused = true
    if (this.#reading) this.#stream.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#reading) this.#stream.resume()
  }

  /** An empty write reports a reset, and sends nothing. TLS reports nothing for it. */
  probe(): void {
    const stream = this.#stream
    if (this.#ended || stream.destroyed || this.queuedBytes > 0) return
    if (this.#isSocket && !this.encrypted) stream.write(NO_BYTES)
  }

  end(): void {
    if (this.#ended || this.#stream.destroyed) return
    this.#ended = true
    if (this.#waiting === null) this.#stream.end()
    this.resume()
  }

  abort(): void {
    if (this.#aborted || this.#closed) return
    this.#aborted = true
    this.#stopReading()
    const stream = this.#stream
    this.#settleSoon()
    if (stream.destroyed) return

    // The kernel still sends what it has taken, a Close frame for example. A peer that lets bytes
    // pile up here has stopped reading: over TCP, a reset frees the memory of the kernel as well.
    const isTcp = !this.encrypted && this.remote.port !== null
    if (stream instanceof Socket && isTcp && this.queuedBytes > 0) stream.resetAndDestroy()
    else stream.destroy()
  }

  /**
   * A Duplex that is no socket need not report that it is closed (`emitClose`), and may never
   * finish its `destroy`. Its end is then the end of this turn.
   */
  #settleSoon(): void {
    if (this.#isSocket) return
    setImmediate(() => {
      // The stream may still emit 'error', and without a listener that ends the process.
      if (!this.#closed) this.#stream.on('error', ignore)
      this.#settleClosed()
    })
  }

  static #begin(transport: StreamTransport): void {
    const head = transport.#head
    transport.#head = null
    if (head !== null && !transport.#aborted) transport.#receiver?.receive(head)

    transport.#begun = true
    if (transport.#closed && !transport.#endWaits) transport.#receiver?.closed(transport.#cause)
    else if (!transport.#aborted) transport.#beginReading()
  }

  #beginReading(): void {
    const stream = this.#stream
    this.#reading = true
    if (stream.readableEnded) {
      this.#reportEnd()
      return
    }
    stream.on('end', StreamTransport.#onEnd)
    stream.on('data', StreamTransport.#onData)
    if (this.#paused) stream.pause()
    else stream.resume()
  }

  #stopReading(): void {
    this.#reading = false
    this.#stream.off('data', StreamTransport.#onData)
    this.#stream.off('end', StreamTransport.#onEnd)
  }

  #settleWrite(error: Error | null | undefined): void {
    if (error || !this.#awaitsDrain || this.#aborted || this.#closed) return
    // A write that is lost with its socket is called back without an error, too.
    if (this.#stream.destroyed || this.#stream.writableLength > 0) return
    if (this.#waiting !== null) this.#writeWaiting()
    if (this.queuedBytes > 0) return
    this.#awaitsDrain = false
    reportDrained(this.#receiver)
  }

  #settleClosed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopReading()
    this.#stream.off('error', StreamTransport.#onError)
    this.#stream.off('close', StreamTransport.#onClose)
    // Before the start, it is the start that tells it, after the head.
    if (this.#begun) this.#reportEnd()
  }

  #reportEnd(): void {
    if (this.#endWaits) return
    this.#endWaits = true
    reportEnd(this)
  }

  /** See `EndedTransport`. */
  tellEnd(): void {
    this.#endWaits = false
    if (this.#closed) this.#receiver?.closed(this.#cause)
    else if (!this.#aborted) this.#receiver?.receiveEnd()
  }

  static #onData(this: OwnedDuplex, bytes: Uint8Array): void {
    this[OWNER].#receiver?.receive(bytes)
  }

  static #onEnd(this: OwnedDuplex): void {
    this[OWNER].#reportEnd()
  }

  static #onError(this: OwnedDuplex, error: Error): void {
    const transport = this[OWNER]
    if (!transport.#aborted) transport.#cause ??= error
    // TLS reports an invalid record, or a client that renegotiates too often, and stays open.
    if (!this.destroyed) this.destroy()
    transport.#settleSoon()
  }

  static #onClose(this: OwnedDuplex): void {
    this[OWNER].#settleClosed()
  }
}

function ignore(): void {
  // The connection is gone already.
}
