/**
 * The connection of a worker to the process that holds the log.
 */

import { connect, type NetConnectOpts } from 'node:net'
import { Deferred } from '../../base/internal.ts'
import type { BrokerSink, EventPlace } from '../../topics/index.ts'
import type { LinkConnection } from '../broker-link.ts'
import { FrameSocket } from './frame-socket.ts'
import type { LogFrame } from './log-frames.ts'

/** Where the log is. */
export interface LogAddress {
  readonly to: NetConnectOpts
  readonly secret: string
}

/** The host has refused a request. */
export class HostError extends Error {
  override readonly name = 'HostError'
  readonly code: string

  constructor(code: string) {
    super(`Cannot do a request: ${code}`)
    this.code = code
  }
}

/** What waits for the host at most. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024

/** Opens a connection. @throws (by rejecting) what ended it before the host has answered. */
export async function connectLog(
  { to, secret }: LogAddress,
  names: { readonly namespace: string; readonly nodeId: string },
  sink: Pick<BrokerSink, 'event' | 'message'>,
  signal: AbortSignal,
  ended: (cause: unknown) => void,
): Promise<LogConnection> {
  const connection = new LogConnection(to, sink, signal, ended)
  const { namespace, nodeId: node } = names
  await connection.ask({ do: 'hello', secret, namespace, node })
  return connection
}

/** One connection. It ends for good. */
export class LogConnection implements LinkConnection {
  readonly #frames: FrameSocket
  readonly #sink: Pick<BrokerSink, 'event' | 'message'>
  readonly #asked = new Map<number, Deferred<LogFrame>>()
  #ids = 0
  #isOver = false

  constructor(
    to: NetConnectOpts,
    sink: Pick<BrokerSink, 'event' | 'message'>,
    signal: AbortSignal,
    ended: (cause: unknown) => void,
  ) {
    this.#sink = sink
    const socket = connect(to)
    this.#frames = new FrameSocket(
      socket,
      MAX_UNSENT_BYTES,
      (frame) => this.#received(frame),
      (cause) => {
        this.#end()
        ended(cause)
      },
    )
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
  }

  probe(): Promise<unknown> {
    return this.ask({ do: 'probe' })
  }

  /** Sends a request that has no answer. */
  tell(request: object, body?: Uint8Array): void {
    this.#frames.send(request, body)
  }

  /** @throws (by rejecting) {HostError}, or another error when the connection ends first. */
  ask(request: object, body?: Uint8Array): Promise<LogFrame> {
    const answer = new Deferred<LogFrame>()
    if (this.#isOver) answer.reject(new HostError('the connection has ended'))
    else {
      const id = ++this.#ids
      this.#asked.set(id, answer)
      this.#frames.send({ ...request, id }, body)
    }
    return answer.promise
  }

  #received(frame: LogFrame): void {
    const { event, place, message, answer: id, error } = frame.header
    if (typeof event === 'string') this.#sink.event(event, place as EventPlace, frame.body)
    else if (typeof message === 'string') this.#sink.message(message, frame.body)
    else if (typeof id === 'number') {
      const answer = this.#asked.get(id)
      this.#asked.delete(id)
      if (error === undefined) answer?.resolve(frame)
      else answer?.reject(new HostError(typeof error === 'string' ? error : 'unknown'))
    }
  }

  #end(): void {
    this.#isOver = true
    for (const answer of this.#asked.values()) {
      answer.reject(new HostError('the connection has ended'))
    }
    this.#asked.clear()
  }
}
