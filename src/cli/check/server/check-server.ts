/**
 * A server that runs a case with each client that connects. It follows the convention of the public
 * suite: `/getCaseCount` tells the number of cases, `/runCase?case=N` runs one, and
 * `/updateReports` ends the run. Any other path runs the next case.
 */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import { ListenError } from '../../../engines/node/index.ts'
import { type CaseResult, type Finding, verdictOf } from '../check-result.ts'
import { conduct } from '../conduct.ts'
import { GOODBYE, GOODBYE_HEX, hex, plainFrame, TEXT, utf8 } from '../wire/frame-bytes.ts'
import { MAX_HEAD_BYTES } from '../wire/http-head.ts'
import { RawConnection } from '../wire/raw-connection.ts'
import { type ClientCase, runClientCase } from './client-case-runner.ts'
import { type ClientRequest, parseRequest, responseBytes } from './client-request.ts'

/** More connections at a time wait in the kernel, or are dropped. */
const MAX_CONNECTIONS = 64

/** How many keys are remembered. */
const MAX_KEYS = 100_000

/** What a server needs. */
export interface CheckServerParts {
  readonly cases: readonly ClientCase[]
  readonly clock: Clock
  /** The time of one case, in milliseconds. */
  readonly deadline: number
  readonly tls: TlsOptions | null
}

/** The server. */
export class CheckServer implements AsyncDisposable {
  /** Resolves when all cases have run, or when the client has ended the run. */
  readonly finished: Promise<void>
  readonly #parts: CheckServerParts
  readonly #finished = new Deferred<void>()
  readonly #server: Server
  /** All sockets, with those that have not finished the handshake of TLS. */
  readonly #sockets = new Set<Socket>()
  readonly #results = new Map<number, CaseResult>()
  readonly #keys = new Set<string>()
  #next = 0

  constructor(parts: CheckServerParts) {
    this.#parts = parts
    this.finished = this.#finished.promise
    const options = { allowHalfOpen: true, noDelay: true }
    const accept = (socket: Socket): void =>
      void this.#serve(new RawConnection(socket, parts.clock))
    this.#server =
      parts.tls === null
        ? createServer(options, accept)
        : createTlsServer({ ...parts.tls, ...options, handshakeTimeout: parts.deadline }, accept)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('tlsClientError', () => {
      // The client does not trust the certificate, or does not speak TLS.
    })
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** The results so far, in the order of the cases. */
  get results(): readonly CaseResult[] {
    const indexes = [...this.#results.keys()].sort((a, b) => a - b)
    return indexes.flatMap((index) => this.#results.get(index) ?? [])
  }

  /** @returns the port. @throws {ListenError} (by rejecting) if the address cannot be used. */
  async listen(host: string, port: number): Promise<number> {
    const listening = new Deferred<void>()
    this.#server.once('error', (error: NodeJS.ErrnoException) => {
      listening.reject(new ListenError(host, port, error))
    })
    this.#server.listen(port, host, () => listening.resolve())
    await listening.promise
    this.#server.on('error', () => {
      // A connection that could not be accepted.
    })
    // It listens on TCP.
    return (this.#server.address() as AddressInfo).port
  }

  /** Drops all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = new Deferred<void>()
    this.#server.close(() => closed.resolve())
    await closed.promise
  }

  async #serve(connection: RawConnection): Promise<void> {
    try {
      const read = await this.#readRequest(connection)
      if (read !== null) await this.#answer(connection, read.request, read.rest)
    } finally {
      connection.destroy()
    }
  }

  async #readRequest(
    connection: RawConnection,
  ): Promise<{ readonly request: ClientRequest; readonly rest: Uint8Array } | null> {
    const { clock, deadline } = this.#parts
    let received = Buffer.alloc(0)
    connection.reader = (bytes) => {
      received = Buffer.concat([received, bytes])
      if (received.length > MAX_HEAD_BYTES) connection.destroy()
    }
    const end = (): number => received.indexOf('\r\n\r\n')
    using _timer = clock.setTimer(deadline, () => connection.destroy())
    if (!(await connection.until(() => end() !== -1, Infinity))) return null
    const request = parseRequest(received.subarray(0, end()).toString('latin1'))
    return { request, rest: received.subarray(end() + 4) }
  }

  async #answer(
    connection: RawConnection,
    request: ClientRequest,
    rest: Uint8Array,
  ): Promise<void> {
    const { cases } = this.#parts
    if (request.path === '/getCaseCount') return this.#tell(connection, request, cases.length)
    if (request.path === '/updateReports') {
      await this.#tell(connection, request, null)
      this.#finished.resolve()
      return
    }
    const isNumbered = request.path === '/runCase'
    const index = isNumbered ? Number(request.query.get('case')) - 1 : this.#next++
    const each = cases[index]
    if (each === undefined) {
      await connection.write(Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'))
      return connection.finish()
    }
    await this.#run(connection, request, rest, each, index)
    if (this.#results.size === cases.length && !isNumbered) this.#finished.resolve()
  }

  async #run(
    connection: RawConnection,
    request: ClientRequest,
    rest: Uint8Array,
    each: ClientCase,
    index: number,
  ): Promise<void> {
    const { clock, deadline } = this.#parts
    const since = clock.now()
    const isRepeated = this.#keys.has(request.key)
    if (this.#keys.size < MAX_KEYS) this.#keys.add(request.key)
    const found = await runClientCase(connection, request, each, clock, deadline, rest)
    const finding: Finding = isRepeated
      ? { kind: 'broken', why: 'it used a Sec-WebSocket-Key again (§4.1)' }
      : found
    const { family, name, section, grade } = each
    const verdict = verdictOf(finding, grade)
    const ms = clock.now() - since
    this.#results.set(index, { family, name, section, grade, verdict, why: finding.why, ms })
  }

  /** Sends a number as text, if there is one, and closes. */
  async #tell(
    connection: RawConnection,
    request: ClientRequest,
    count: number | null,
  ): Promise<void> {
    const { clock, deadline } = this.#parts
    using _timer = clock.setTimer(deadline, () => connection.expire())
    await connection.write(responseBytes(request))
    if (count !== null) await connection.write(plainFrame(TEXT, utf8(`${count}`)))
    const goodbye = { sends: [GOODBYE], gets: hex(GOODBYE_HEX) }
    await conduct(connection, goodbye, { role: 'client', isSlow: false, patience: deadline })
  }
}
