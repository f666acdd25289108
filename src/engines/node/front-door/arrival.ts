/**
 * A connection that has been accepted and whose first request is still being read or decided.
 *
 * It reads from the bare handle. What has been read is kept until it is known who gets it: the HTTP
 * server gets all of it, a session what came behind the head.
 */

import { type RequestHead, RequestHeadReader } from '../../../protocol/internal.ts'
import { type ConnectionFacts, HandleFacts } from '../transports/connection-facts.ts'
import type { TcpHandle } from '../transports/tcp-handle.ts'
import type { AcceptedHandle } from './tcp-listener.ts'
import type { TcpReactor } from '../transports/tcp-transport.ts'

/** The door that an arrival came through. */
export interface ArrivalOwner {
  readonly maxHeadSize: number
  /** Its buffer is the one that handles read into. */
  readonly reactor: TcpReactor
  /** The head is complete. */
  headArrived(arrival: Arrival, head: RequestHead): void
  /** The head is not one for this door. */
  headIsOther(arrival: Arrival): void
  /** The client ended its side in the middle of the head. */
  headCutOff(arrival: Arrival): void
  /** The handle is closed. Not called after `release`. */
  closed(arrival: Arrival): void
}

/** How much of what comes behind the head is read while the application decides, in bytes. */
const MAX_READ_AHEAD_BYTES = 16 * 1024

const NO_BYTES = new Uint8Array(0)

/** Where a handle keeps its arrival, so that all share one callback. */
const OWNER = Symbol('towpath.arrival')
type OwnedHandle = AcceptedHandle & { [OWNER]: Arrival | null }

/** One connection before its session. */
export class Arrival {
  readonly handle: AcceptedHandle
  /** By the clock of the environment. */
  acceptedAt = 0
  readonly #owner: ArrivalOwner
  #reader: RequestHeadReader | null = null
  /** What has been read. Lent by the reactor while the read is being handled, its own after that. */
  #kept: Uint8Array = NO_BYTES
  #isLent = false
  /** How long the head is, once it is complete. */
  #headBytes = 0
  #facts: ConnectionFacts | null = null
  #isDecided = false
  #isReading = false
  #state: 'here' | 'released' | 'closed' = 'here'
  #hasLeft = false
  #left: AbortController | null = null
  /** Told when more is kept while the application decides. */
  #grew: ((bytes: number) => void) | null = null

  constructor(handle: AcceptedHandle, owner: ArrivalOwner) {
    this.handle = handle
    this.#owner = owner
  }

  /** Whether the application has been asked about the request. */
  get isDecided(): boolean {
    return this.#isDecided
  }

  /** Whether the client has ended its side, or the connection has failed. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  get isClosed(): boolean {
    return this.#state !== 'here'
  }

  /** What is kept of the request and behind it, in bytes. */
  get earlyBytes(): number {
    return this.#kept.length
  }

  /** Calls `listener` whenever more is kept while the application decides. */
  watchEarlyBytes(listener: (bytes: number) => void): void {
    this.#grew = listener
  }

  /** The addresses of both ends. */
  get facts(): ConnectionFacts {
    this.#facts ??= new HandleFacts(this.handle)
    return this.#facts
  }

  start(): void {
    const handle = this.handle as OwnedHandle // made one by the next line
    handle[OWNER] = this
    handle.onread = onRead
    this.#isReading = handle.readStart() === 0
    if (!this.#isReading) this.close()
  }

  /** The application is asked from here on; what comes behind `headBytes` is the session's. */
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

  /** Lets the handle go to a session. @returns what has been read behind the head. */
  releaseToSession(): Uint8Array {
    return this.#release(this.#headBytes)
  }

  /** Lets the handle go to the HTTP server, not reading. @returns everything that has been read. */
  releaseToHttp(): Uint8Array {
    if (this.#isReading) this.handle.readStop()
    return this.#release(0)
  }

  #release(from: number): Uint8Array {
    this.#state = 'released'
    ;(this.handle as OwnedHandle)[OWNER] = null
    const kept = this.#kept
    this.#kept = NO_BYTES
    this.#grew = null
    if (kept.length === from) return NO_BYTES
    return this.#isLent ? copyOf(kept.subarray(from)) : kept.subarray(from)
  }

  close(): void {
    if (this.#state !== 'here') return
    this.#state = 'closed'
    this.#leave()
    this.handle.close(() => {
      ;(this.handle as OwnedHandle)[OWNER] = null
      this.#owner.closed(this)
    })
  }

  /** libuv has read something, or has something to say. */
  wasRead(): void {
    if (this.#state !== 'here') return
    const { internals, buffer } = this.#owner.reactor
    const count = internals.bytesRead()
    if (count > 0) this.#received(buffer.subarray(0, count))
    else if (count < 0) this.#ended()
  }

  #received(bytes: Uint8Array): void {
    this.#isLent = this.#kept.length === 0
    this.#kept = this.#isLent ? bytes : Buffer.concat([this.#kept, bytes])
    if (this.#isDecided) this.#keptMore(bytes.length)
    else this.#readHead()
    if (!this.#isLent) return
    this.#isLent = false
    // Whoever has taken the handle has what it needs of them.
    this.#kept = this.#state === 'here' ? copyOf(this.#kept) : NO_BYTES
  }

  #keptMore(bytes: number): void {
    this.#grew?.(bytes)
    if (this.#kept.length < MAX_READ_AHEAD_BYTES) return
    this.handle.readStop()
    this.#isReading = false
  }

  #readHead(): void {
    this.#reader ??= new RequestHeadReader(this.#owner.maxHeadSize)
    const head = this.#reader.read(this.#kept)
    if (head === 'other') this.#owner.headIsOther(this)
    else if (head !== 'incomplete') this.#owner.headArrived(this, head)
  }

  /** The peer's FIN or a failure: who has not asked completely gets no session. */
  #ended(): void {
    this.#leave()
    if (this.#isDecided) return
    if (this.#kept.length > 0) this.#owner.headCutOff(this)
    else this.close()
  }

  #leave(): void {
    this.#hasLeft = true
    this.#left?.abort()
  }
}

/** `slice` of a Buffer, which the reactor's memory is, would be a view. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function onRead(this: TcpHandle): void {
  const arrival = (this as OwnedHandle)[OWNER] // set by the arrival, whose handle this is
  arrival?.wasRead()
}
