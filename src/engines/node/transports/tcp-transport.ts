/**
 * Carries a session over a TCP handle, without the stream that Node puts around it.
 *
 * All connections read through one shared buffer: libuv fills it, and calls us before it reads
 * more. A write is attempted at once; only bytes that the kernel does not take become a request.
 * This file also does what Node's stream would do: ends, errors, half-closes, and their order.
 */

import { getSystemErrorName } from 'node:util'

import { allocateReadBuffer } from '../../../protocol/internal.ts'
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
import {
  closeHandle,
  type CountingServer,
  type HandleOwner,
  listenTo,
  setOwner,
  type ShutdownRequest,
  type TakenHandle,
  type TcpHandle,
  type TcpInternals,
  uncount,
  type WriteRequest,
} from './tcp-handle.ts'

/**
 * One buffer serves all connections, so it may be large: a message of 64 KiB then comes in one
 * `recv` and is copied in one pass. With libuv's own size it would come in two reads.
 */
const READ_BUFFER_BYTES = 256 * 1024

/** Requests of writes that are kept for later ones. */
const MAX_DONE_WRITES = 64

const END_OF_FILE = 'EOF'
const READING_ALREADY = 'EALREADY'

const NO_BYTES = new Uint8Array(0)

/** The parts that the transports of a process share. */
export class TcpReactor {
  readonly internals: TcpInternals
  readonly buffer: Uint8Array = allocateReadBuffer(READ_BUFFER_BYTES)
  /** The request of the next write: one that the kernel took at once can be used again. */
  spareWrite: WriteRequest | null = null
  /** Requests of writes that were reported done. */
  readonly #doneWrites: WriteRequest[] = []
  /** The request whose report is being handled, or was handled last. */
  #lastDone: WriteRequest | null = null
  #lastHome: TransportHome | null = null
  /** The bytes of the last read, whose view serves all reads of its length. */
  #lent: Uint8Array = NO_BYTES

  constructor(internals: TcpInternals) {
    this.internals = internals
  }

  /**
   * Returns the first `count` bytes of the buffer, to be lent until the next read. Messages of one
   * size come in reads of one length, and a view costs 60 ns.
   */
  lent(count: number): Uint8Array {
    if (this.#lent.length !== count) this.#lent = this.buffer.subarray(0, count)
    return this.#lent
  }

  /** Returns the request for a write that is always reported later, as over TLS. */
  takeWrite(): WriteRequest {
    return this.#doneWrites.pop() ?? this.internals.createWrite()
  }

  /**
   * Keeps `request`, whose write is being reported done, for later writes. Node still refers to it
   * until the report has been handled: it can be used again from the next report on.
   */
  giveBackWrite(request: WriteRequest): void {
    if (this.#lastDone !== null && this.#doneWrites.length < MAX_DONE_WRITES) {
      this.#doneWrites.push(this.#lastDone)
    }
    this.#lastDone = request
  }

  /**
   * Makes a transport of a handle that has just been taken out of its socket.
   *
   * @param registry holds the transport while it is open.
   * @param greeting is written first, as Latin-1.
   */
  open(
    taken: TakenHandle,
    head: Uint8Array,
    facts: ConnectionFacts,
    {
      registry = null,
      greeting = '',
    }: { registry?: Set<Transport> | null; greeting?: string } = {},
  ): Transport {
    const first = taken.head === null ? head : Buffer.concat([head, taken.head])
    const transport = new TcpTransport(this.#homeOf(taken.server, registry), taken, first, facts)
    registry?.add(transport)
    if (greeting !== '') transport.greet(greeting)
    return transport
  }

  #homeOf(server: CountingServer | null, registry: Set<Transport> | null): TransportHome {
    const home = this.#lastHome
    if (home !== null && home.server === server && home.registry === registry) return home
    this.#lastHome = { reactor: this, server, registry }
    return this.#lastHome
  }

  /**
   * Writes `bytes` to a handle that has no transport, and ends our side.
   *
   * @returns whether the kernel takes both, now or later.
   */
  writeLast(handle: TcpHandle, bytes: Uint8Array): boolean {
    const request = this.spareWrite ?? this.internals.createWrite()
    this.spareWrite = request
    if (handle.writeBuffer(request, bytes) !== 0) return false
    if (this.internals.wroteAsync()) {
      this.spareWrite = null
      request.buffer = bytes
      request.oncomplete = nothing
    }
    const shutdown = this.internals.createShutdown()
    shutdown.oncomplete = nothing
    return handle.shutdown(shutdown) === 0
  }
}

/** The parts that the transports of one server share. */
interface TransportHome {
  readonly reactor: TcpReactor
  /** Counts its open connections. */
  readonly server: CountingServer | null
  /** Holds each transport while it is open. */
  readonly registry: Set<Transport> | null
}

/** The handle is reading. */
const READING = 1
/** The receiver wants no bytes. */
const PAUSED = 2
/** The receiver gets bytes and ends. */
const BEGUN = 4
/** Our side has ended. */
const ENDED = 8
/** Our end has been sent. */
const SHUT_DOWN = 16
/** The peer has ended its side. */
const READ_ENDED = 32
/** The handle is being closed. */
const CLOSING = 64
/** The handle is closed. */
const CLOSED = 128
/** An end waits for its turn to be reported to the receiver. */
const END_WAITS = 256

/** A transport over a TCP handle. */
class TcpTransport implements Transport, HandleOwner, EndedTransport {
  readonly #facts: ConnectionFacts
  readonly #home: TransportHome
  readonly #handle: TcpHandle
  #head: Uint8Array | null
  #receiver: TransportReceiver | null = null
  /** Writes that the kernel has not taken in full. */
  #pendingWrites = 0
  /** The bits below: eight fields would take 64 bytes of each idle connection. */
  #flags = 0
  /** The failure that closed the transport. */
  #cause: Error | null = null

  constructor(home: TransportHome, taken: TakenHandle, head: Uint8Array, facts: ConnectionFacts) {
    this.#facts = facts
    this.#home = home
    this.#handle = taken.handle
    if (taken.isReading) this.#flags = READING
    this.#head = head.length === 0 ? null : head
    setOwner(taken.handle, this)
    if (!taken.isListening) listenTo(taken.handle, home.reactor.buffer)
  }

  /** Whether one of the flags is set. */
  private is(flags: number): boolean {
    return (this.#flags & flags) !== 0
  }

  get local(): TransportAddress {
    return this.#facts.local
  }

  get remote(): TransportAddress {
    return this.#facts.remote
  }

  get encrypted(): boolean {
    return false
  }

  get queuedBytes(): number {
    return this.is(CLOSING) ? 0 : (this.#handle.writeQueueSize ?? 0)
  }

  get bytesWritten(): number {
    return this.is(CLOSING) ? 0 : (this.#handle.bytesWritten ?? 0)
  }

  get isShared(): false {
    return false
  }

  get unreadBytes(): 0 {
    return 0
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
    // A handle that reads already, and has nothing to deliver, needs no further turn.
    const isReady = this.is(READING) && !this.is(PAUSED | CLOSING)
    if (isReady && this.#head === null) this.#flags |= BEGUN
    else process.nextTick(begin, this)
  }

  /** Writes Latin-1. Node makes bytes of it only if the kernel does not take it at once. */
  greet(text: string): void {
    const request = this.nextWrite()
    this.wrote(this.#handle.writeLatin1String(request, text), request, null)
  }

  write(bytes: Uint8Array): WriteOutcome {
    if (this.is(CLOSING)) return 'queued'
    if (this.is(ENDED)) return 'taken'
    const request = this.nextWrite()
    return this.wrote(this.#handle.writeBuffer(request, bytes), request, bytes)
  }

  pause(): void {
    // After our end, unread bytes would turn our FIN into a reset: they are read and ignored.
    if (this.is(PAUSED | ENDED)) return
    this.#flags |= PAUSED
    if (this.is(BEGUN) && !this.is(CLOSING)) this.stopReading()
  }

  resume(): void {
    if (!this.is(PAUSED)) return
    this.#flags &= ~PAUSED
    this.read()
  }

  /** An empty write reports a reset, and sends nothing. So does a write that is under way. */
  probe(): void {
    if (this.#pendingWrites === 0) this.write(NO_BYTES)
  }

  end(): void {
    if (this.is(ENDED | CLOSING)) return
    this.#flags |= ENDED
    this.resume()
    if (this.#pendingWrites === 0) this.shutDown()
  }

  /**
   * Sends our end. Called when all writes are done: a handle cannot be reset while its end waits
   * behind a write, and a peer that stops reading must be reset.
   */
  private shutDown(): void {
    const request: OwnedShutdown = this.#home.reactor.internals.createShutdown()
    request.transport = this
    request.oncomplete = onShutDown
    // This fails when the peer is gone already.
    if (this.#handle.shutdown(request) !== 0) this.close(null, false)
  }

  abort(): void {
    // The kernel still sends what it has taken. A peer that lets bytes pile up here has stopped
    // reading: a reset frees the memory that the kernel holds for it.
    this.close(null, this.#pendingWrites > 0)
  }

  /** The first turn after `start`: delivers the bytes that were read before, then reads. */
  begin(): void {
    const head = this.#head
    this.#head = null
    if (head !== null && !this.is(CLOSING)) this.#receiver?.receive(head)
    this.#flags |= BEGUN
    if (this.is(CLOSED) && !this.is(END_WAITS)) this.#receiver?.closed(this.#cause)
    if (this.is(CLOSING)) return
    if (this.is(PAUSED)) this.stopReading()
    else this.read()
  }

  /** See `HandleOwner`. */
  wasRead(): void {
    const count = this.#home.reactor.internals.bytesRead()
    if (!this.is(BEGUN) && this.holdBack(count)) return
    if (count > 0) {
      if (!this.is(CLOSING)) this.#receiver?.receive(this.#home.reactor.lent(count))
      return
    }
    if (count === 0 || this.is(CLOSING)) return
    if (getSystemErrorName(count) !== END_OF_FILE) {
      this.fail(count, 'read')
      return
    }
    this.#flags |= READ_ENDED
    this.endWaits()
  }

  /**
   * Keeps the bytes of a read before the start; an end is reported again later.
   *
   * @returns whether the read needs nothing else.
   */
  private holdBack(count: number): boolean {
    const isEnd = count < 0 && getSystemErrorName(count) === END_OF_FILE
    if (count < 0 && !isEnd) return false
    this.stopReading()
    const read = this.#home.reactor.buffer.subarray(0, Math.max(count, 0))
    if (count > 0) this.#head = Buffer.concat([this.#head ?? NO_BYTES, read])
    return true
  }

  private read(): void {
    if (!this.is(BEGUN) || this.is(READING | PAUSED | READ_ENDED | CLOSING)) return
    this.#flags |= READING
    const status = this.#handle.readStart()
    if (status !== 0 && getSystemErrorName(status) !== READING_ALREADY) this.fail(status, 'read')
  }

  private stopReading(): void {
    this.#flags &= ~READING
    this.#handle.readStop()
  }

  private nextWrite(): WriteRequest {
    const request = this.#home.reactor.spareWrite ?? this.#home.reactor.internals.createWrite()
    this.#home.reactor.spareWrite = request
    return request
  }

  private wrote(status: number, request: WriteRequest, bytes: Uint8Array | null): WriteOutcome {
    if (status !== 0) {
      this.fail(status, 'write')
      return 'queued'
    }
    if (!this.#home.reactor.internals.wroteAsync()) return 'taken'

    this.#home.reactor.spareWrite = null
    this.#pendingWrites++
    if (bytes !== null) request.buffer = bytes
    request.oncomplete = (error) => this.written(error)
    return 'queued'
  }

  private written(status: number): void {
    this.#pendingWrites--
    if (this.is(CLOSING)) return
    if (status < 0) {
      this.fail(status, 'write')
      return
    }
    if (this.#pendingWrites > 0) return
    if (this.is(ENDED)) this.shutDown()
    reportDrained(this.#receiver)
  }

  /** Our end has been sent. */
  wasShutDown(): void {
    this.#flags |= SHUT_DOWN
    this.closeIfDone()
  }

  private closeIfDone(): void {
    if (this.is(END_WAITS)) return
    if (this.is(SHUT_DOWN) && this.is(READ_ENDED)) this.close(null, false)
  }

  private fail(status: number, act: string): void {
    this.close(systemError(status, act), false)
  }

  private close(cause: Error | null, withReset: boolean): void {
    if (this.is(CLOSING)) return
    this.#flags |= CLOSING
    this.#cause = cause
    closeHandle(this.#handle, withReset)
  }

  /** See `HandleOwner`. */
  wasClosed(): void {
    this.#flags |= CLOSED
    this.endWaits()
  }

  private endWaits(): void {
    if (this.is(END_WAITS)) return
    this.#flags |= END_WAITS
    reportEnd(this)
  }

  /** See `EndedTransport`. */
  tellEnd(): void {
    this.#flags &= ~END_WAITS
    if (this.is(CLOSED)) {
      uncount(this.#home.server)
      this.#home.registry?.delete(this)
      // Before the start, `begin` reports it.
      if (this.is(BEGUN)) this.#receiver?.closed(this.#cause)
    } else if (!this.is(CLOSING)) {
      this.#receiver?.receiveEnd()
      this.closeIfDone()
    }
  }
}

function nothing(): void {
  // A last answer: the end of the connection follows in any case.
}

/** A half-close with its transport, so that all share one callback. */
interface OwnedShutdown extends ShutdownRequest {
  transport?: TcpTransport
}

function begin(transport: TcpTransport): void {
  transport.begin()
}

function onShutDown(this: OwnedShutdown): void {
  this.transport?.wasShutDown()
}
