/**
 * The connection of a worker to the process that holds the log.
 */

import { connect, type NetConnectOpts } from 'node:net'
import { Deferred } from '../../base/internal.ts'
import type { EngineConnection } from '../engine.ts'
import type { Subscriptions, Wanted } from '../subscriptions.ts'
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
  subscriptions: Subscriptions<LogFrame>,
  signal: AbortSignal,
  ended: (cause: unknown) => void,
): Promise<LogConnection> {
  const connection = new LogConnection(to, subscriptions, signal, ended)
  const { namespace, nodeId: node } = names
  await connection.ask({ do: 'hello', secret, namespace, node })
  return connection
}

/** One connection. It ends for good. */
export class LogConnection implements EngineConnection {
  readonly #frames: FrameSocket
  readonly #subscriptions: Subscriptions<LogFrame>
  readonly #asked = new Map<number, Deferred<LogFrame>>()
  #ids = 0
  #isOver = false

  constructor(
    to: NetConnectOpts,
    subscriptions: Subscriptions<LogFrame>,
    signal: AbortSignal,
    ended: (cause: unknown) => void,
  ) {
    this.#subscriptions = subscriptions
    const socket = connect(to)
    this.#frames = new FrameSocket(
      socket,
      MAX_UNSENT_BYTES,
      (frame) => {
        if (!signal.aborted) this.#received(frame)
      },
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

  flush(): Promise<unknown> {
    return this.ask({ do: 'flush' })
  }

  subscribe(names: readonly string[]): Promise<unknown> {
    const wanted = names.flatMap((name) => this.#subscriptions.find(name) ?? [])
    return Promise.all(wanted.map((each) => this.ask(requestFor(each))))
  }

  unsubscribe(_name: string, wanted: Wanted): void {
    if (wanted.type === 'event') this.tell({ do: 'unfollow', topic: wanted.topic })
    else this.tell({ do: 'unlisten', channel: wanted.channel })
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
    const { event, message, answer: id, error } = frame.header
    if (typeof event === 'string') this.#subscriptions.heard(frameNameOf('event', event), frame)
    else if (typeof message === 'string') {
      this.#subscriptions.heard(frameNameOf('message', message), frame)
    } else if (typeof id === 'number') {
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

/** The name under which frames with an event of a topic, or a message of a channel, are heard. */
export function frameNameOf(type: Wanted['type'], name: string): string {
  return `${type} ${name}`
}

function requestFor(wanted: Wanted): object {
  return wanted.type === 'event'
    ? { do: 'follow', topic: wanted.topic }
    : { do: 'listen', channel: wanted.channel }
}
