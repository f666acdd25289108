/**
 * The broker of a worker: passes all calls to the process that holds the log.
 */

import {
  type AppendIdentity,
  type Appended,
  type BrokerOptions,
  type BrokerSink,
  BrokerUnavailableError,
  ExpectationFailedError,
  type Head,
  type LogKind,
  type LogPage,
  type LogTopic,
  PublishUncertainError,
  type ReadLimit,
  type StoredEvent,
} from '../../topics/index.ts'
import { BrokerLink, type Connector } from '../broker-link.ts'
import type { EngineBroker } from '../opening-broker.ts'
import { connectLog, HostError, type LogAddress, type LogConnection } from './log-connection.ts'
import type { LogFrame } from './log-frames.ts'

type Page = Omit<LogPage, 'events'> & { readonly places: ReadonlyArray<readonly [number, number]> }

/** The half of the broker that talks to the host. */
export class WorkersEngine implements EngineBroker, Connector<LogConnection> {
  readonly #address: LogAddress
  readonly #sink: BrokerSink
  readonly #names: Pick<BrokerOptions, 'namespace' | 'nodeId'>
  readonly #link: BrokerLink<LogConnection>
  readonly #channels = new Set<string>()
  readonly #topics = new Map<string, LogTopic>()
  #isRestored = false

  constructor(address: LogAddress, sink: BrokerSink, options: BrokerOptions) {
    this.#address = address
    this.#sink = sink
    this.#names = options
    this.#link = new BrokerLink(this, sink, options.environment)
  }

  start(): Promise<void> {
    return this.#link.start()
  }

  close(): Promise<void> {
    this.#link.close()
    return Promise.resolve()
  }

  connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<LogConnection> {
    this.#isRestored = false
    const sink: Pick<BrokerSink, 'event' | 'message'> = {
      event: (topic, place, message) => {
        if (!signal.aborted && this.#topics.has(topic)) this.#sink.event(topic, place, message)
      },
      message: (channel, message) => {
        if (!signal.aborted && this.#channels.has(channel)) this.#sink.message(channel, message)
      },
    }
    return connectLog(this.#address, this.#names, sink, signal, ended)
  }

  restore(connection: LogConnection): Promise<unknown> | null {
    if (this.#isRestored) return null
    this.#isRestored = true
    const channels = [...this.#channels].map((channel) => ({ do: 'listen', channel }))
    const topics = [...this.#topics.values()].map((topic) => ({ do: 'follow', topic }))
    return Promise.all([...channels, ...topics].map((request) => connection.ask(request)))
  }

  async listen(channel: string): Promise<void> {
    this.#channels.add(channel)
    await this.#ask('listen to a channel', null, { do: 'listen', channel })
  }

  unlisten(channel: string): void {
    if (this.#channels.delete(channel)) this.#link.connection?.tell({ do: 'unlisten', channel })
  }

  send(channel: string, message: Uint8Array): void {
    const { connection } = this.#link
    if (connection === null) throw new BrokerUnavailableError('send a message', null)
    connection.tell({ do: 'send', channel }, message)
  }

  async flush(): Promise<void> {
    await this.#ask('flush', null, { do: 'flush' })
  }

  prepare(_kind: LogKind): Promise<void> {
    return Promise.resolve()
  }

  async follow(topic: LogTopic): Promise<Head> {
    this.#topics.set(topic.name, topic)
    const { header } = await this.#ask(`follow "${topic.name}"`, topic, { do: 'follow', topic })
    return header['value'] as Head // of a host that runs the same program
  }

  unfollow(topic: LogTopic): void {
    if (this.#topics.delete(topic.name)) this.#link.connection?.tell({ do: 'unfollow', topic })
  }

  append(
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect?: Head,
  ): Promise<Appended> {
    const { name } = topic
    return this.#link.request(
      `publish to "${name}"`,
      name,
      async (connection) => {
        const request = { do: 'append', topic, identity, expect }
        try {
          const { header } = await connection.ask(request, message)
          return header['value'] as Appended // see above
        } catch (error) {
          const isExpectation = error instanceof HostError && error.code === 'expectation'
          throw isExpectation ? new ExpectationFailedError(name) : error
        }
      },
      (cause) => new PublishUncertainError(name, { cause }),
    )
  }

  async read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage> {
    const most = {
      events: Math.min(limit.events, Number.MAX_SAFE_INTEGER),
      bytes: Math.min(limit.bytes, Number.MAX_SAFE_INTEGER),
    }
    const request = { do: 'read', topic, after, limit: most }
    return pageOf(await this.#ask(`read "${topic.name}"`, topic, request))
  }

  async heads(topics: readonly LogTopic[]): Promise<readonly Head[]> {
    const request = { do: 'heads', topics }
    const { header } = await this.#ask('read the heads of topics', null, request)
    return header['value'] as readonly Head[] // see above
  }

  #ask(act: string, topic: LogTopic | null, request: object): Promise<LogFrame> {
    return this.#link.request(act, topic?.name ?? null, (connection) => connection.ask(request))
  }
}

function pageOf({ header, body }: LogFrame): LogPage {
  const { places, ...page } = header['value'] as Page // see above
  let at = 0
  const events = places.map(([offset, length]): StoredEvent => {
    at += length
    return { offset, message: body.slice(at - length, at) }
  })
  return { ...page, events }
}
