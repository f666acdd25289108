/**
 * The process that holds the log: serves brokers of other processes over a socket.
 *
 * Each connection has a broker in memory of its own. The connection calls the methods of its
 * broker, and gets the events and messages for its node.
 */

import { timingSafeEqual } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { Environment } from '../../base/internal.ts'
import {
  type AppendIdentity,
  type Broker,
  ExpectationFailedError,
  type Head,
  type LogTopic,
  memoryBroker,
  MemoryLog,
  type ReadLimit,
} from '../../topics/index.ts'
import { createTopicsEnvironment } from '../../topics/internal.ts'
import { FrameSocket } from './frame-socket.ts'
import { type LogFrame, MalformedFrameError } from './log-frames.ts'

/** What a worker asks for. The fields are those of the methods of `Broker`. */
export interface LogRequest {
  readonly do: string
  readonly id: number
  readonly channel: string
  readonly topic: LogTopic
  readonly topics: readonly LogTopic[]
  readonly identity: AppendIdentity
  readonly expect?: Head
  readonly after: number
  readonly limit: ReadLimit
  readonly secret: string
  readonly namespace: string
  readonly node: string
}

/** What waits for one worker at most: then it is slower than the others, and heals later. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024

/** The host of one log. */
export class LogHost {
  readonly log: MemoryLog = new MemoryLog()
  readonly #secret: string
  readonly #environment: Environment
  readonly #server: Server

  /** @param secret proves that a connection is of a worker. */
  constructor(secret: string, environment: Environment = createTopicsEnvironment()) {
    this.#secret = secret
    this.#environment = environment
    this.#server = createServer((socket) => this.#serve(socket))
  }

  /** The server: it does not keep the process alive. */
  get server(): Server {
    return this.#server
  }

  /** @param address where `net.Server.listen` can listen: a path, or a port of this machine. */
  listen(address: { readonly path: string } | { readonly port: number }): void {
    this.#server.listen(address)
    this.#server.unref()
  }

  #serve(socket: Socket): void {
    socket.unref()
    let broker: Broker | null = null
    const frames = new FrameSocket(
      socket,
      MAX_UNSENT_BYTES,
      (frame) => {
        if (broker !== null) this.#request(broker, frames, frame)
        else broker = this.#greet(frames, frame)
      },
      () => void broker?.close(),
    )
  }

  /** Compares in constant time. */
  #isSecret(given: unknown): boolean {
    if (typeof given !== 'string') return false
    const expected = Buffer.from(this.#secret)
    const bytes = Buffer.from(given)
    return bytes.length === expected.length && timingSafeEqual(bytes, expected)
  }

  /** @throws {MalformedFrameError} for a stranger. */
  #greet(frames: FrameSocket, { header }: LogFrame): Broker {
    const { do: act, secret, namespace, node, id } = requestOf(header)
    const isGreeting = act === 'hello'
    if (!isGreeting || !this.#isSecret(secret)) {
      throw new MalformedFrameError('Cannot serve a connection: it is not of a worker')
    }
    const broker = memoryBroker({ log: this.log })
    const sink = {
      event: (topic: string, place: object, message: Uint8Array): void =>
        frames.send({ event: topic, place }, message),
      message: (channel: string, message: Uint8Array): void =>
        frames.send({ message: channel }, message),
      state: ({ state }: { readonly state: string }): void => {
        if (state !== 'up') frames.destroy()
      },
    }
    const options = { namespace, nodeId: node, environment: this.#environment }
    this.#answer(frames, id, broker.open(sink, options))
    return broker
  }

  #request(broker: Broker, frames: FrameSocket, { header, body }: LogFrame): void {
    const request = requestOf(header)
    const { id, channel, topic } = request
    switch (request.do) {
      case 'unlisten':
        broker.unlisten(channel)
        return
      case 'unfollow':
        broker.unfollow(topic)
        return
      case 'send':
        broker.send(channel, body)
        return
      case 'read':
        void this.#answerPage(broker, frames, request)
        return
      default:
        this.#answer(frames, id, ask(broker, request, body))
    }
  }

  #answer(frames: FrameSocket, id: number, answer: Promise<unknown>): void {
    answer.then(
      (value) => frames.send({ answer: id, value }),
      (error: unknown) => frames.send({ answer: id, error: codeOf(error) }),
    )
  }

  /** A page has a header with the lengths of its events, which are the body. */
  async #answerPage(
    broker: Broker,
    frames: FrameSocket,
    { id, topic, after, limit }: LogRequest,
  ): Promise<void> {
    try {
      const { events, ...page } = await broker.read(topic, after, limit)
      const places = events.map(({ offset, message }) => [offset, message.length])
      const body = Buffer.concat(events.map(({ message }) => message))
      frames.send({ answer: id, value: { ...page, places } }, body)
    } catch (error) {
      frames.send({ answer: id, error: codeOf(error) })
    }
  }
}

function ask(broker: Broker, request: LogRequest, body: Uint8Array): Promise<unknown> {
  const { topic, channel, topics, identity, expect } = request
  switch (request.do) {
    case 'listen':
      return broker.listen(channel)
    case 'follow':
      return broker.follow(topic)
    case 'append':
      return broker.append(topic, body, identity, expect)
    case 'heads':
      return broker.heads(topics)
    case 'flush':
    case 'probe':
      return broker.flush()
    default:
      throw new MalformedFrameError(`Cannot do a request: it is unknown`)
  }
}

function codeOf(error: unknown): 'expectation' | 'unavailable' {
  return error instanceof ExpectationFailedError ? 'expectation' : 'unavailable'
}

/** Workers run the same program as the host: their fields need no check. */
function requestOf(header: LogFrame['header']): LogRequest {
  return header as unknown as LogRequest
}
