/**
 * A connection that has been accepted and whose first request is still being read or decided.
 *
 * It reads from the bare handle of TCP, or of the TLS over it. It keeps the bytes until it is known
 * who gets them: the HTTP server gets all bytes, a session gets the bytes behind the head.
 */

import { type RequestHead, RequestHeadReader } from '../../../protocol/internal.ts'
import type { BareTls, TlsNewcomer } from '../transports/bare-tls.ts'
import {
  closeHandle,
  type CountingServer,
  listenTo,
  setOwner,
  type TakenHandle,
} from '../transports/tcp-handle.ts'
import type { AcceptedHandle } from './tcp-listener.ts'
import type { TcpReactor } from '../transports/tcp-transport.ts'

/** The door that an arrival came through. */
export interface ArrivalOwner {
  readonly maxHeadSize: number
  /** Handles read into its buffer. */
  readonly reactor: TcpReactor
  /** The TLS handshake is done. Called only for connections over TLS. */
  secured(arrival: Arrival): void
  /** The head is complete. */
  headArrived(arrival: Arrival, head: RequestHead): void
  /** The head is not one for this door. */
  headIsOther(arrival: Arrival): void
  /** The client ended its side in the middle of the head. */
  headCutOff(arrival: Arrival): void
  /** The handle is closed. Not called after the handle was released. */
  closed(arrival: Arrival): void
}

/** The most bytes that are read behind the head while the application decides. */
const MAX_READ_AHEAD_BYTES = 16 * 1024

const NO_BYTES = new Uint8Array(0)

/** One connection before its session. */
export class Arrival implements TlsNewcomer {
  readonly handle: AcceptedHandle
  /** TLS over the handle; `null`: the bytes of the handle are the request. */
  readonly tls: BareTls | null
  /** By the clock of the environment; over TLS, from the end of the handshake on. */
  acceptedAt = 0
  readonly #owner: ArrivalOwner
  #reader: RequestHeadReader | null = null
  /** The bytes that have been read and are not handled yet, in memory of their own. */
  #kept: Uint8Array = NO_BYTES
  /** The number of bytes of the current read, which lie in the buffer of the reactor. */
  #inBuffer = 0
  /** The length of the head in bytes, once it is complete. */
  #headBytes = 0
  #isDecided = false
  #isReading = false
  #state: 'here' | 'answered' | 'released' | 'closed' = 'here'
  #hasLeft = false
  #left: AbortController | null = null
  /** Called when more is kept while the application decides. */
  #grew: ((bytes: number) => void) | null = null

  /** @param encrypt makes the TLS over the handle; `null`: the connection has none. */
  constructor(
    handle: AcceptedHandle,
    owner: ArrivalOwner,
    encrypt: ((handle: AcceptedHandle, newcomer: TlsNewcomer) => BareTls) | null = null,
  ) {
    this.handle = handle
    this.#owner = owner
    this.tls = encrypt === null ? null : encrypt(handle, this)
    if (this.tls !== null) return
    setOwner(handle, this)
    listenTo(handle, owner.reactor.buffer)
  }

  /** Whether the application has been asked about the request. */
  get isDecided(): boolean {
    return this.#isDecided
  }

  /** Whether the client has ended its side, or the connection has failed. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /**
   * Whether the client has left and the kernel has the whole answer: a client may end its side and
   * still read. The end of a write says less: TLS may never report a write to a client that is
   * gone.
   */
  get isSpent(): boolean {
    return this.#hasLeft && (this.handle.writeQueueSize ?? 0) === 0
  }

  /** Whether the connection is closed, or is not this object's any more. */
  get isClosed(): boolean {
    return this.#state === 'released' || this.#state === 'closed'
  }

  /** The bytes that are kept of the request and behind it. */
  get earlyBytes(): number {
    return this.#kept.length + this.#inBuffer
  }

  /** Calls `listener` whenever more is kept while the application decides. */
  watchEarlyBytes(listener: (bytes: number) => void): void {
    this.#grew = listener
  }

  /** Begins to read. Until then the bytes of the client wait in the kernel. */
  start(): void {
    if (this.#state !== 'here') return
    this.#isReading = this.#readable.readStart() === 0
    if (!this.#isReading) this.close()
  }

  /** The handle that is read. */
  get #readable(): Pick<AcceptedHandle, 'readStart' | 'readStop'> {
    return this.tls?.handle ?? this.handle
  }

  /** The application is asked from here on. The bytes behind `headBytes` are the session's. */
  decide(headBytes: number): void {
    this.#isDecided = true
    this.#headBytes = headBytes
  }

  /** Fires when the client leaves before the application has decided. */
  watch(): AbortSignal {
    this.#left ??= new AbortController()
    if (this.#hasLeft) this.#left.abort()
    return this.#left.signal
  }

  /**
   * Lets the handle go to a session, with the bytes that were read behind the head.
   *
   * @param server counts the connection from now on.
   */
  releaseToSession(server: CountingServer): TakenHandle {
    const isReading = this.#isReading
    const behind = this.#release(this.#headBytes)
    const head = behind.length === 0 ? null : behind
    return { handle: this.handle, head, server, isListening: true, isReading }
  }

  /** The same over TLS. @returns the bytes that were read behind the head. */
  releaseTls(tls: BareTls, server: CountingServer): Uint8Array {
    tls.server = server
    return this.#release(this.#headBytes)
  }

  /** Lets the handle go to the HTTP server, not reading. @returns all bytes that were read. */
  releaseToHttp(): Uint8Array {
    if (this.tls !== null) this.tls.release()
    else if (this.#isReading) this.handle.readStop()
    return this.#release(0)
  }

  #release(from: number): Uint8Array {
    const read = this.earlyBytes > from ? this.#allBytes().subarray(from) : NO_BYTES
    this.#state = 'released'
    if (this.tls === null) setOwner(this.handle, null)
    this.#kept = NO_BYTES
    this.#inBuffer = 0
    this.#grew = null
    return read
  }

  /**
   * Writes a last answer and ends our side. Later bytes of the client are read and dropped until
   * the client ends too: otherwise the kernel would send a reset, and the answer might be lost. The
   * owner closes a client that does not end.
   */
  answer(bytes: Uint8Array): void {
    if (this.#state !== 'here') return
    this.#state = 'answered'
    this.#kept = NO_BYTES
    this.#inBuffer = 0
    this.#grew = null
    const { tls } = this
    const isWritten =
      tls === null ? this.#owner.reactor.writeLast(this.handle, bytes) : tls.writeLast(bytes)
    if (!isWritten) this.close()
    else if (this.#hasLeft) this.#closeOnceAnswered()
    else if (!this.#isReading && this.#readable.readStart() !== 0) this.close()
  }

  /**
   * The client has ended, too. The kernel sends what it has taken of the answer, but TLS may not
   * have ended yet. The owner closes the connection when the kernel has taken the rest.
   */
  #closeOnceAnswered(): void {
    if (this.tls !== null) this.tls.closeOnceAnswered()
    else if (this.isSpent) this.close()
  }

  close(): void {
    if (this.isClosed) return
    this.#state = 'closed'
    this.#leave()
    if (this.tls === null) closeHandle(this.handle, false)
    else this.tls.close()
  }

  /** See `TlsNewcomer`. */
  secured(): void {
    if (this.#state === 'here') this.#owner.secured(this)
  }

  /** See `TlsOwner`. */
  failed(): void {
    this.close()
  }

  /** See `HandleOwner`. */
  wasRead(): void {
    if (this.isClosed) return
    const count = this.#owner.reactor.internals.bytesRead()
    if (count < 0) this.#ended()
    else if (count > 0 && this.#state === 'here') this.#received(count)
  }

  /** See `HandleOwner`. */
  wasClosed(): void {
    this.#state = 'closed'
    this.#owner.closed(this)
  }

  #received(count: number): void {
    this.#inBuffer = count
    if (this.#kept.length > 0) this.#keep()
    if (this.#isDecided) this.#keptMore(count)
    else this.#readHead()
    if (this.#inBuffer > 0) this.#keep()
  }

  /** Takes the bytes of the current read out of the buffer, which the next read fills again. */
  #keep(): void {
    this.#kept = this.#allBytes()
    this.#inBuffer = 0
  }

  /** The bytes of all reads, in memory of their own. */
  #allBytes(): Uint8Array {
    if (this.#inBuffer === 0) return this.#kept
    const all = new Uint8Array(this.#kept.length + this.#inBuffer)
    all.set(this.#kept)
    all.set(this.#owner.reactor.buffer.subarray(0, this.#inBuffer), this.#kept.length)
    return all
  }

  #keptMore(bytes: number): void {
    this.#grew?.(bytes)
    if (this.earlyBytes < MAX_READ_AHEAD_BYTES) return
    this.#readable.readStop()
    this.#isReading = false
  }

  #readHead(): void {
    const { reactor, maxHeadSize } = this.#owner
    this.#reader ??= new RequestHeadReader(maxHeadSize)
    const isInBuffer = this.#inBuffer > 0
    const bytes = isInBuffer ? reactor.buffer : this.#kept
    const head = this.#reader.read(bytes, isInBuffer ? this.#inBuffer : bytes.length)
    if (head === 'other') this.#owner.headIsOther(this)
    else if (head !== 'incomplete') this.#owner.headArrived(this, head)
  }

  /** The peer's FIN, or a failure: a request that is incomplete becomes no session. */
  #ended(): void {
    this.#leave()
    if (this.#state === 'answered') this.#closeOnceAnswered()
    if (this.#isDecided || this.#state !== 'here') return
    if (this.earlyBytes > 0) this.#owner.headCutOff(this)
    else this.close()
  }

  #leave(): void {
    this.#hasLeft = true
    this.#left?.abort()
  }
}
