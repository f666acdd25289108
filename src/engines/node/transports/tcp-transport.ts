/**
 * Carries a session over a TCP handle, without the stream that Node puts around it.
 *
 * Reading goes through one buffer that all connections share: libuv fills it and calls us before it reads
 * anything else. Writing is attempted at once; only what the kernel does not take becomes a request. What
 * Node's stream did beside that is done here: ends, errors, half-closes, and the order of shutting down.
 */

import { getSystemErrorName } from 'node:util'
import type {
  Transport,
  TransportAddress,
  TransportReceiver,
  WriteOutcome,
} from '../../../session/index.ts'
import type { ConnectionFacts } from './connection-facts.ts'
import { reportDrained } from './report-drained.ts'
import { systemError } from './system-error.ts'
import {
  type CountingServer,
  type TakenHandle,
  type TcpHandle,
  type TcpInternals,
  uncount,
  type WriteRequest,
} from './tcp-handle.ts'

/**
 * One for all connections, so it may be large: a message of 64 KiB comes in one `recv` and is copied in one
 * pass, where libuv's own size would take two and a payload that has to be gathered.
 */
const READ_BUFFER_BYTES = 256 * 1024

const END_OF_FILE = 'EOF'
const READING_ALREADY = 'EALREADY'

const NO_BYTES = new Uint8Array(0)

/** Where a handle keeps its transport. */
const OWNER = Symbol('towpath.transport')
type OwnedHandle = TcpHandle & { [OWNER]: TcpTransport | null }

/** What the transports of a process share: Node's internals, the read buffer, the request of the next write. */
export class TcpReactor {
  readonly internals: TcpInternals
  readonly buffer: Uint8Array = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  /** The request of a write that the kernel took at once is as good as new. */
  spareWrite: WriteRequest | null = null

  constructor(internals: TcpInternals) {
    this.internals = internals
  }

  /**
   * Makes a transport of a handle that has just been taken out of its socket.
   *
   * @param keeper holds the transport while it is open.
   * @param greeting is written first, as Latin-1.
   */
  open(
    taken: TakenHandle,
    head: Uint8Array,
    facts: ConnectionFacts,
    { keeper = null, greeting = '' }: { keeper?: Set<Transport> | null; greeting?: string } = {},
  ): Transport {
    const first = taken.head === null ? head : Buffer.concat([head, taken.head])
    const transport = new TcpTransport(this, taken, first, facts, keeper)
    keeper?.add(transport)
    if (greeting !== '') transport.greet(greeting)
    return transport
  }
}

/** A transport over a TCP handle. */
class TcpTransport implements Transport {
  readonly #facts: ConnectionFacts
  readonly #reactor: TcpReactor
  readonly #handle: OwnedHandle
  readonly #server: CountingServer | null
  readonly #keeper: Set<Transport> | null
  #head: Uint8Array | null
  #receiver: TransportReceiver | null = null
  /** Writes that the kernel has not taken in full. */
  #pendingWrites = 0
  #paused = false
  #begun = false
  #ended = false
  #shutDown = false
  #readEnded = false
  #closing = false
  #closed: { readonly cause: Error | null } | null = null

  constructor(
    reactor: TcpReactor,
    taken: TakenHandle,
    head: Uint8Array,
    facts: ConnectionFacts,
    keeper: Set<Transport> | null,
  ) {
    this.#facts = facts
    this.#reactor = reactor
    this.#handle = taken.handle as OwnedHandle // made one by the next line but two
    this.#server = taken.server
    this.#keeper = keeper
    this.#handle[OWNER] = this
    this.#handle.onread = onRead
    this.#handle.useUserBuffer(reactor.buffer)
    this.#head = head.length === 0 ? null : head
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
    return this.#closing ? 0 : (this.#handle.writeQueueSize ?? 0)
  }

  get bytesWritten(): number {
    return this.#closing ? 0 : (this.#handle.bytesWritten ?? 0)
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
    process.nextTick(begin, this)
  }

  /** Writes Latin-1, of which Node makes bytes only if the kernel does not take them at once. */
  greet(text: string): void {
    const request = this.#nextWrite()
    this.#wrote(this.#handle.writeLatin1String(request, text), request, null)
  }

  write(bytes: Uint8Array): WriteOutcome {
    if (this.#closing) return 'queued'
    if (this.#ended) return 'taken'
    const request = this.#nextWrite()
    return this.#wrote(this.#handle.writeBuffer(request, bytes), request, bytes)
  }

  pause(): void {
    // Once we have ended, what is left unread would turn our FIN into a reset: it is read, and ignored above.
    if (this.#paused || this.#ended) return
    this.#paused = true
    if (this.#begun && !this.#closing) this.#handle.readStop()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#read()
  }

  /** An empty write tells of a reset, and sends nothing. One that is under way would tell, too. */
  probe(): void {
    if (this.#pendingWrites === 0) this.write(NO_BYTES)
  }

  end(): void {
    if (this.#ended || this.#closing) return
    this.#ended = true
    this.resume()
    const request = this.#reactor.internals.createShutdown()
    request.oncomplete = () => this.#wasShutDown()
    // A peer that is gone already has nobody left to tell.
    if (this.#handle.shutdown(request) !== 0) this.#close(null, false)
  }

  abort(): void {
    // What the kernel has still goes out; but a peer that lets bytes pile up here has stopped reading, and a
    // reset frees what the kernel holds for it too.
    this.#close(null, this.#pendingWrites > 0)
  }

  /** The first turn after `start`: what was read before, then what comes. */
  begin(): void {
    const head = this.#head
    this.#head = null
    if (head !== null && !this.#closing) this.#receiver?.receive(head)
    this.#begun = true
    if (this.#closed !== null) this.#receiver?.closed(this.#closed.cause)
    if (this.#closing) return
    if (this.#paused) this.#handle.readStop()
    else this.#read()
  }

  /** libuv has filled the buffer, or has something to say. */
  wasRead(): void {
    const count = this.#reactor.internals.bytesRead()
    if (!this.#begun && this.#holdBack(count)) return
    if (count > 0) {
      if (!this.#closing) this.#receiver?.receive(this.#reactor.buffer.subarray(0, count))
      return
    }
    if (count === 0 || this.#closing) return
    if (getSystemErrorName(count) !== END_OF_FILE) {
      this.#fail(count, 'read')
      return
    }
    this.#readEnded = true
    this.#receiver?.receiveEnd()
    this.#closeIfDone()
  }

  /** Nobody listens yet: bytes are kept, and the end will be told again. @returns whether that is all for now. */
  #holdBack(count: number): boolean {
    const isEnd = count < 0 && getSystemErrorName(count) === END_OF_FILE
    if (count < 0 && !isEnd) return false
    this.#handle.readStop()
    const read = this.#reactor.buffer.subarray(0, Math.max(count, 0))
    if (count > 0) this.#head = Buffer.concat([this.#head ?? NO_BYTES, read])
    return true
  }

  #read(): void {
    if (!this.#begun || this.#paused || this.#readEnded || this.#closing) return
    const status = this.#handle.readStart()
    if (status !== 0 && getSystemErrorName(status) !== READING_ALREADY) this.#fail(status, 'read')
  }

  #nextWrite(): WriteRequest {
    const request = this.#reactor.spareWrite ?? this.#reactor.internals.createWrite()
    this.#reactor.spareWrite = request
    return request
  }

  #wrote(status: number, request: WriteRequest, bytes: Uint8Array | null): WriteOutcome {
    if (status !== 0) {
      this.#fail(status, 'write')
      return 'queued'
    }
    if (!this.#reactor.internals.wroteAsync()) return 'taken'

    this.#reactor.spareWrite = null
    this.#pendingWrites++
    if (bytes !== null) request.buffer = bytes
    request.oncomplete = (error) => this.#written(error)
    return 'queued'
  }

  #written(status: number): void {
    this.#pendingWrites--
    if (this.#closing) return
    if (status < 0) this.#fail(status, 'write')
    else if (this.#pendingWrites === 0) reportDrained(this.#receiver)
  }

  #wasShutDown(): void {
    this.#shutDown = true
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#shutDown && this.#readEnded) this.#close(null, false)
  }

  #fail(status: number, act: string): void {
    this.#close(systemError(status, act), false)
  }

  #close(cause: Error | null, reset: boolean): void {
    if (this.#closing) return
    this.#closing = true
    const closed = (): void => {
      this.#handle[OWNER] = null
      uncount(this.#server)
      this.#keeper?.delete(this)
      this.#closed = { cause }
      // Before the start, it is the start that tells it.
      if (this.#begun) this.#receiver?.closed(cause)
    }
    if (reset && this.#handle.reset(closed) === 0) return
    this.#handle.close(closed)
  }
}

function begin(transport: TcpTransport): void {
  transport.begin()
}

function onRead(this: TcpHandle): void {
  const transport = (this as OwnedHandle)[OWNER] // set by the transport, whose handle this is
  transport?.wasRead()
}
