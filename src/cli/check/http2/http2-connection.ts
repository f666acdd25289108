/**
 * A connection of HTTP/2 to a server under check. Each stream that a case opens is a connection of
 * bytes, as TCP is.
 */

import type { ClientHttp2Session, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'

import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import type { ResponseHead } from '../wire/http-head.ts'
import { type CheckTarget, openSocketTo } from '../wire/open-connection.ts'
import { RawConnection } from '../wire/raw-connection.ts'
import { Http2Wire, type RequestForm, type StreamFacts } from './http2-wire.ts'

/** What a server did with a request. */
export interface Http2Answer {
  /** `null`: no response that is valid. */
  readonly response: ResponseHead | null
  /** The bytes of the stream. */
  readonly connection: RawConnection
  /** The bytes that came before somebody read them. */
  readonly rest: Uint8Array
  readonly stream: number
}

/** One connection. */
export class Http2Connection {
  readonly wire: Http2Wire
  readonly #session: ClientHttp2Session
  readonly #clock: Clock
  readonly #streams: RawConnection[] = []
  #changed = new Deferred<void>()
  #isExpired = false
  #hasAnswered = false

  private constructor(session: ClientHttp2Session, wire: Http2Wire, clock: Clock) {
    this.#session = session
    this.wire = wire
    this.#clock = clock
    wire.onFrame = () => this.#notify()
    session.on('error', () => this.#notify())
    session.on('close', () => this.#notify())
  }

  /** @throws {ConnectError} (by rejecting) with the step that failed; the reason of the signal. */
  static async open(
    target: CheckTarget,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<Http2Connection> {
    const socket = await openSocketTo(target, clock, signal, ['h2'])
    const { connect } = await import('node:http2')
    const wire = new Http2Wire(socket)
    const session = connect(`http://${target.request.host}`, {
      createConnection: () => wire,
      settings: { enablePush: false },
    })
    return new Http2Connection(session, wire, clock)
  }

  /** Whether no further stream can be opened. */
  get isOver(): boolean {
    return this.wire.destroyed || this.#session.destroyed
  }

  /** Whether the time of the case has passed without an answer to a request. */
  get isSilent(): boolean {
    return this.#isExpired && !this.#hasAnswered
  }

  /** How the server has ended a stream, as far as it has. */
  factsOf({ stream }: Http2Answer): StreamFacts {
    return this.wire.factsOf(stream)
  }

  /** Resolves when `test` holds, when the connection is over, or when the time of the case is. */
  async until(test: () => boolean): Promise<void> {
    while (!test() && !this.isOver && !this.#isExpired) await this.#changed.promise
  }

  /** Sends a request, and resolves when it is answered, or when its stream has ended. */
  async ask(form: RequestForm): Promise<Http2Answer> {
    this.wire.writeNext(form)
    // Only the stream of this request is used: `form` has its headers.
    const stream = this.#session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':path': '/',
      ':authority': 'check',
    })
    const connection = new RawConnection(stream, this.#clock)
    this.#streams.push(connection)
    const early: Uint8Array[] = []
    connection.reader = (bytes) => void early.push(bytes)
    let response: ResponseHead | null = null
    stream.on('response', (headers) => {
      response = headOf(headers)
      this.#answered()
    })
    stream.on('close', () => this.#answered())
    await this.until(() => response !== null || stream.destroyed)
    return { response, connection, rest: Buffer.concat(early), stream: stream.id ?? 0 }
  }

  /** Ends all waiting, now and later: the time of the case has passed. */
  expire(): void {
    this.#isExpired = true
    for (const stream of this.#streams) stream.expire()
    this.#notify()
  }

  destroy(): void {
    for (const stream of this.#streams) stream.destroy()
    this.#session.destroy()
    this.wire.destroy()
  }

  #answered(): void {
    this.#hasAnswered = true
    this.#notify()
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = new Deferred()
    changed.resolve()
  }
}

function headOf(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): ResponseHead {
  const values = Object.entries(headers).filter(([name]) => !name.startsWith(':'))
  return {
    status: headers[':status'] ?? 0,
    headers: new Map(values.map(([name, value = '']) => [name, [value].flat()])),
  }
}
