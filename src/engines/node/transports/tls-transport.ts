/**
 * Carries a session over a TLS handle, past the streams of Node.
 *
 * Bytes are read into the buffer that all connections share. A write is encrypted at once, so its
 * memory is free when the call returns; TLS reports it done in a later turn and takes no other
 * before that. A write that comes earlier waits here.
 */

import { getSystemErrorName } from 'node:util'
import type {
  Transport,
  TransportAddress,
  TransportReceiver,
  WriteOutcome,
} from '../../../session/index.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { type EndedTransport, reportEnd } from './ends-per-turn.ts'
import { reportDrained } from './report-drained.ts'
import { systemError } from './system-error.ts'
import type { WriteRequest } from './tcp-handle.ts'
import type { TcpReactor } from './tcp-transport.ts'
import type { OpenTls, TlsOwner } from './tls-handle.ts'

const END_OF_FILE = 'EOF'
const READING_ALREADY = 'EALREADY'

/** A larger write is encrypted in pieces: they show that it moves, and need less memory. */
const PIECE_BYTES = 64 * 1024

const NO_BYTES = new Uint8Array(0)

/** A transport over a TLS handle. */
export class TlsTransport implements Transport, TlsOwner, EndedTransport {
  bytesWritten = 0
  readonly #facts: ConnectionFacts
  readonly #tls: OpenTls
  readonly #reactor: TcpReactor
  readonly #registry: Set<Transport> | null
  #head: Uint8Array | null
  #receiver: TransportReceiver | null = null
  #begun = false
  #paused = false
  #ended = false
  #readEnded = false
  #shutDown = false
  /** A write has not been reported done. */
  #isWriting = false
  /** Bytes that wait for that report, in order. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** A write was answered `queued`. */
  #owesDrain = false
  #aborted = false
  #closed = false
  /** An end waits for its turn to be reported to the receiver. */
  #endWaits = false
  #cause: Error | null = null

  /** @param registry holds the transport while it is open; `null`: none does. */
  constructor(
    reactor: TcpReactor,
    tls: OpenTls,
    head: Uint8Array,
    facts: ConnectionFacts,
    registry: Set<Transport> | null = null,
  ) {
    this.#facts = facts
    this.#tls = tls
    this.#reactor = reactor
    this.#registry = registry
    const first = tls.head === null ? head : Buffer.concat([head, tls.head])
    this.#head = first.length === 0 ? null : first
    tls.handle.readStop()
    tls.own(this, reactor.buffer)
  }

  get local(): TransportAddress {
    return this.#facts.local
  }

  get remote(): TransportAddress {
    return this.#facts.remote
  }

  get encrypted(): boolean {
    return this.#facts.encrypted
  }

  get queuedBytes(): number {
    return this.#closed ? 0 : this.#waitingBytes + (this.#tls.lower.writeQueueSize ?? 0)
  }

  get isShared(): false {
    return false
  }

  get unreadBytes(): 0 {
    return 0
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
    process.nextTick(() => this.#begin())
  }

  /** Writes Latin-1. */
  greet(text: string): void {
    this.write(Buffer.from(text, 'latin1'))
  }

  write(bytes: Uint8Array): WriteOutcome {
    if (this.#isGone) return 'queued'
    if (this.#ended) return 'taken'
    this.bytesWritten += bytes.length
    if (this.#isWriting || bytes.length > PIECE_BYTES) {
      this.#waiting.push(bytes)
      this.#waitingBytes += bytes.length
      if (!this.#isWriting) this.#encrypt(this.#nextPiece())
    } else {
      const { handle, lower } = this.#tls
      const wasIdle = handle.writeQueueSize === 0
      this.#encrypt(bytes)
      if (this.#isGone) return 'queued'
      // If TLS itself has something to write, such as a session ticket, our bytes wait behind it:
      // not encrypted yet, or not passed down.
      const isEncrypted = wasIdle && handle.writeQueueSize !== 0
      if (isEncrypted && lower.writeQueueSize === 0) return 'taken'
    }
    this.#owesDrain = true
    return 'queued'
  }

  pause(): void {
    // Once we have ended, bytes left unread would turn our FIN into a reset.
    if (this.#paused || this.#ended) return
    this.#paused = true
    if (this.#begun && !this.#isGone) this.#tls.handle.readStop()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#read()
  }

  /** An empty write below TLS reports a reset, and sends nothing. */
  probe(): void {
    const { lower } = this.#tls
    if (this.#isGone || this.#ended || lower.writeQueueSize !== 0) return
    const status = lower.writeBuffer(this.#reactor.internals.createWrite(), NO_BYTES)
    if (status !== 0) this.#fail(status, 'write')
  }

  end(): void {
    if (this.#ended || this.#isGone) return
    this.#ended = true
    this.resume()
    this.#shutDownOnceWritten()
  }

  abort(): void {
    if (this.#aborted || this.#closed) return
    this.#aborted = true
    this.#tls.close()
  }

  get #isGone(): boolean {
    return this.#aborted || this.#closed || this.#tls.isClosing
  }

  /** The first turn after `start`: delivers the bytes that were read before, then reads. */
  #begin(): void {
    const head = this.#head
    this.#head = null
    if (head !== null && !this.#aborted) this.#receiver?.receive(head)
    this.#begun = true
    if (this.#closed && !this.#endWaits) this.#receiver?.closed(this.#cause)
    else if (!this.#paused) this.#read()
  }

  #read(): void {
    if (!this.#begun || this.#paused || this.#readEnded || this.#isGone) return
    const status = this.#tls.handle.readStart()
    if (status !== 0 && getSystemErrorName(status) !== READING_ALREADY) this.#fail(status, 'read')
  }

  /** See `HandleOwner`. */
  wasRead(): void {
    const count = this.#reactor.internals.bytesRead()
    if (count === 0 || this.#isGone) return
    if (count > 0) {
      this.#receiver?.receive(this.#reactor.lent(count))
      return
    }
    if (getSystemErrorName(count) !== END_OF_FILE) {
      this.#fail(count, 'read')
      return
    }
    this.#readEnded = true
    this.#reportEnd()
  }

  #encrypt(bytes: Uint8Array): void {
    const request: OwnedWrite = this.#reactor.takeWrite()
    request.transport = this
    request.oncomplete = onWritten
    this.#isWriting = true
    const status = this.#tls.handle.writeBuffer(request, bytes)
    if (status !== 0) this.#fail(status, 'write')
  }

  /** Takes up to `PIECE_BYTES` of what waits, as one piece. */
  #nextPiece(): Uint8Array {
    const pieces: Uint8Array[] = []
    let size = 0
    for (const bytes of this.#waiting) {
      if (size === PIECE_BYTES) break
      const piece = bytes.subarray(0, PIECE_BYTES - size)
      pieces.push(piece)
      size += piece.length
    }
    const last = this.#waiting[pieces.length - 1]
    const rest = last?.subarray(pieces.at(-1)?.length)
    this.#waiting.splice(
      0,
      pieces.length,
      ...(rest === undefined || rest.length === 0 ? [] : [rest]),
    )
    this.#waitingBytes -= size
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  }

  /** The write of `request` has been reported done. */
  written(status: number, request: WriteRequest): void {
    // A write that fails may be reported in the middle of another report, when the request of that
    // one is not free yet: using it again would end the process.
    if (status >= 0) this.#reactor.giveBackWrite(request)
    this.#isWriting = false
    if (this.#isGone) return
    if (status < 0) {
      this.#fail(status, 'write')
      return
    }
    if (this.#waitingBytes > 0) {
      this.#encrypt(this.#nextPiece())
      return
    }
    if (this.#ended) this.#shutDownOnceWritten()
    if (!this.#owesDrain) return
    this.#owesDrain = false
    reportDrained(this.#receiver)
  }

  /** The close_notify alert and FIN come behind everything that was written. */
  #shutDownOnceWritten(): void {
    if (this.#isWriting || this.#isGone) return
    const request = this.#reactor.internals.createShutdown()
    request.oncomplete = () => {
      this.#shutDown = true
      this.#closeIfDone()
    }
    if (this.#tls.handle.shutdown(request) !== 0) this.#tls.close()
  }

  #closeIfDone(): void {
    if (this.#endWaits || this.#isGone) return
    if (this.#shutDown && this.#readEnded) this.#tls.close()
  }

  #fail(status: number, act: string): void {
    this.#tls.close(systemError(status, act))
  }

  /** See `TlsOwner`. */
  failed(error: Error): void {
    if (!this.#aborted) this.#cause ??= error
    // TLS reports an invalid record, or a client that renegotiates too often, and stays open.
    this.#tls.close()
  }

  /** See `HandleOwner`. */
  wasClosed(): void {
    if (this.#closed) return
    this.#closed = true
    this.#registry?.delete(this)
    // Before the start, `begin` reports it.
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
    if (this.#closed) {
      this.#receiver?.closed(this.#cause)
    } else if (!this.#isGone) {
      this.#receiver?.receiveEnd()
      this.#closeIfDone()
    }
  }
}

/** A write with its transport, so that all share one callback. */
interface OwnedWrite extends WriteRequest {
  transport?: TlsTransport | null
}

function onWritten(this: OwnedWrite, status: number): void {
  const { transport } = this
  this.transport = null
  transport?.written(status, this)
}
