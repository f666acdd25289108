/**
 * A connection in memory: two transports, one pipe in each direction, and network faults between
 * them.
 */

import type { Environment } from '../../base/internal.ts'
import type {
  Transport,
  TransportAddress,
  TransportReceiver,
  WriteOutcome,
} from '../../session/index.ts'
import { MemoryPipe, type PipeFaults } from './memory-pipe.ts'

/** The addresses of the two ends, and the faults between them. */
export interface MemoryLinkOptions {
  /** The client's address as the server sees it. @defaultValue 127.0.0.1 and an unused port */
  readonly clientAddress?: TransportAddress
  /** The server's address. @defaultValue localhost, port 80 */
  readonly serverAddress?: TransportAddress
  /** Whether both ends treat the link as TLS. @defaultValue false */
  readonly encrypted?: boolean
  /** Faults in the direction of the server. */
  readonly toServer?: PipeFaults
  /** Faults in the direction of the client. */
  readonly toClient?: PipeFaults
}

/** The error of both ends after a reset; `code` is the same as for a socket. */
class ResetError extends Error {
  override readonly name: string = 'ResetError'
  readonly code: string = 'ECONNRESET'

  constructor() {
    super('Cannot use the connection: the peer reset it')
  }
}

/** Two connected transports. */
export class MemoryLink {
  readonly client: Transport
  readonly server: Transport
  readonly #client: MemoryTransport
  readonly #server: MemoryTransport
  readonly #toServer: MemoryPipe
  readonly #toClient: MemoryPipe

  constructor(environment: Environment, options: MemoryLinkOptions = {}) {
    const clientAddress = options.clientAddress ?? { host: '127.0.0.1', port: 50_000 }
    const serverAddress = options.serverAddress ?? { host: 'localhost', port: 80 }
    const encrypted = options.encrypted ?? false
    this.#client = new MemoryTransport(environment, clientAddress, serverAddress, encrypted)
    this.#server = new MemoryTransport(environment, serverAddress, clientAddress, encrypted)
    this.#toServer = this.#pipe(environment, options.toServer, this.#client, this.#server)
    this.#toClient = this.#pipe(environment, options.toClient, this.#server, this.#client)
    this.#client.connect(this.#toServer, this.#toClient, this.#server)
    this.#server.connect(this.#toClient, this.#toServer, this.#client)
    this.client = this.#client
    this.server = this.#server
  }

  /** Changes the faults in the direction of the server, at once. Absent fields do not change. */
  toServer(faults: PipeFaults): void {
    Object.assign(this.#toServer.faults, faults)
    this.#toServer.schedule()
  }

  /** Changes the faults in the direction of the client, like `toServer`. */
  toClient(faults: PipeFaults): void {
    Object.assign(this.#toClient.faults, faults)
    this.#toClient.schedule()
  }

  /** Resets the connection now: both ends get `ECONNRESET`, and bytes in flight are lost. */
  reset(): void {
    this.#client.wasReset()
    this.#server.wasReset()
  }

  /**
   * Cuts the link: nothing gets through in either direction, and neither end is notified (a
   * half-open connection).
   */
  cut(): void {
    this.toServer({ silent: true })
    this.toClient({ silent: true })
  }

  /**
   * Repairs the link: bytes that were written meanwhile arrive. An end that was dropped meanwhile
   * could not notify the other, which is reset now.
   */
  mend(): void {
    this.toServer({ silent: false })
    this.toClient({ silent: false })
    if (this.#client.isClosed || this.#server.isClosed) this.reset()
  }

  /** Whether both ends have closed. */
  get isOver(): boolean {
    return this.#client.isClosed && this.#server.isClosed
  }

  #pipe(
    environment: Environment,
    faults: PipeFaults = {},
    writer: MemoryTransport,
    reader: MemoryTransport,
  ): MemoryPipe {
    return new MemoryPipe(
      environment,
      { ...faults },
      {
        arrived: (bytes) => reader.arrived(bytes),
        ended: () => reader.ended(),
        drained: () => writer.drained(),
        reset: () => this.reset(),
      },
    )
  }
}

/** One end of a link. */
class MemoryTransport implements Transport {
  readonly local: TransportAddress
  readonly remote: TransportAddress
  readonly encrypted: boolean
  readonly #environment: Environment
  #out: MemoryPipe | null = null
  #in: MemoryPipe | null = null
  #peer: MemoryTransport | null = null
  #receiver: TransportReceiver | null = null
  #ended = false
  #closed = false
  /** The transport was closed before it was started. */
  #closedEarly: { readonly cause: Error | null } | null = null

  constructor(
    environment: Environment,
    local: TransportAddress,
    remote: TransportAddress,
    encrypted: boolean,
  ) {
    this.#environment = environment
    this.local = local
    this.remote = remote
    this.encrypted = encrypted
  }

  connect(out: MemoryPipe, into: MemoryPipe, peer: MemoryTransport): void {
    this.#out = out
    this.#in = into
    this.#peer = peer
  }

  get queuedBytes(): number {
    return this.#out?.queuedBytes ?? 0
  }

  get bytesWritten(): number {
    return this.#out?.bytesWritten ?? 0
  }

  /** Whether this end is closed. */
  get isClosed(): boolean {
    return this.#closed
  }

  get isShared(): false {
    return false
  }

  get unreadBytes(): 0 {
    return 0
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver
    const early = this.#closedEarly
    if (early === null) this.#in?.read()
    else this.#environment.defer(() => receiver.closed(early.cause), undefined)
  }

  write(bytes: Uint8Array): WriteOutcome {
    if (this.#closed) return 'queued'
    if (this.#ended) return 'taken'
    return this.#out?.write(bytes) ?? 'taken'
  }

  pause(): void {
    if (!this.#ended) this.#in?.pause()
  }

  resume(): void {
    if (!this.#closed) this.#in?.read()
  }

  /** Does nothing: a reset is reported at once, even while reading is paused. */
  probe(): void {}

  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.#out?.end()
    this.resume()
    this.closeIfDone()
  }

  abort(): void {
    if (this.#closed) return
    if (this.#out?.faults.silent !== true) this.#peer?.wasReset()
    this.#close(null)
  }

  arrived(bytes: Uint8Array): void {
    if (!this.#closed) this.#receiver?.receive(bytes)
  }

  ended(): void {
    if (this.#closed) return
    this.#receiver?.receiveEnd()
    this.closeIfDone()
    this.#peer?.closeIfDone()
  }

  drained(): void {
    if (!this.#closed) this.#receiver?.drained()
  }

  wasReset(): void {
    this.#close(new ResetError())
  }

  /** Closes this end if both directions have ended. */
  closeIfDone(): void {
    if (this.#in?.isEndDelivered === true && this.#out?.isEndDelivered === true) this.#close(null)
  }

  #close(cause: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#in?.close()
    this.#out?.close()
    const receiver = this.#receiver
    if (receiver === null) this.#closedEarly = { cause }
    else this.#environment.defer(() => receiver.closed(cause), undefined)
  }
}
