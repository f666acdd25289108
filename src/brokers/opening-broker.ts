/**
 * A broker on an engine: what Redis, NATS and the workers share. It makes the engine's half when it
 * is opened, keeps a link to it, and does each call of `Broker` on the connection of that link.
 *
 * Before `open` and after a failed one, every method rejects or throws as it does after `close`.
 */

import { rejected, quoteName } from '../base/internal.ts'
import {
  type AppendIdentity,
  type Appended,
  type Broker,
  type BrokerOptions,
  type BrokerSink,
  BrokerUnavailableError,
  type Head,
  type LogKind,
  type LogPage,
  type LogTopic,
  PublishUncertainError,
  type ReadLimit,
} from '../topics/index.ts'
import { BrokerLink, type Connector } from './broker-link.ts'
import type { Engine, EngineConnection } from './engine.ts'
import type { Wanted } from './subscriptions.ts'

/** What is known of a broker before it is opened. */
type BrokerFacts = Pick<Broker, 'appendsInFlight' | 'offsets'>

/** What `open` makes. */
interface Opened<Connection extends EngineConnection, Payload> {
  readonly engine: Engine<Connection, Payload>
  readonly link: BrokerLink<Connection>
}

/** So many subscriptions are restored in one request. */
const RESTORED_AT_ONCE = 512

/** A broker that is opened once. */
export class OpeningBroker<Connection extends EngineConnection, Payload> implements Broker {
  readonly appendsInFlight: number
  readonly offsets: Broker['offsets']
  readonly #create: (sink: BrokerSink, options: BrokerOptions) => Engine<Connection, Payload>
  #opened: Opened<Connection, Payload> | null = null
  #isClosed = false

  /** @param create makes the half that knows the engine. */
  constructor(
    { appendsInFlight, offsets }: BrokerFacts,
    create: (sink: BrokerSink, options: BrokerOptions) => Engine<Connection, Payload>,
  ) {
    this.appendsInFlight = appendsInFlight
    this.offsets = offsets
    this.#create = create
  }

  open(sink: BrokerSink, options: BrokerOptions): Promise<void> {
    if (this.#isClosed || this.#opened !== null) {
      const problem = this.#isClosed ? 'it has been closed' : 'it is open'
      return rejected(
        new TypeError(`Cannot open the broker: ${problem}, expected one for each node`),
      )
    }
    try {
      const engine = this.#create(sink, options)
      const link = new BrokerLink(connectorOf(engine), sink, options.environment)
      this.#opened = { engine, link }
      return link.start()
    } catch (error) {
      return rejected(error)
    }
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#opened?.link.close()
    return Promise.resolve()
  }

  listen(channel: string): Promise<void> {
    return this.#subscribe('listen to a channel', { type: 'message', channel }, nothing)
  }

  unlisten(channel: string): void {
    this.#unsubscribe({ type: 'message', channel })
  }

  send(channel: string, message: Uint8Array): void {
    const connection = this.#opened?.link.connection ?? null
    if (connection === null) throw new BrokerUnavailableError('send a message', null)
    this.#opened?.engine.send(connection, channel, message)
  }

  flush(): Promise<void> {
    return this.#request('flush', null, async (connection) => {
      await connection.flush()
    })
  }

  prepare(kind: LogKind): Promise<void> {
    const act = `prepare "${kind.id}"`
    const opened = this.#opened
    if (opened === null) return rejected(new BrokerUnavailableError(act, null))
    const { kinds } = opened.engine
    if (kinds === null) return Promise.resolve()
    kinds.add(kind)
    return this.#request(act, null, (connection) => kinds.prepare(connection, kind))
  }

  follow(topic: LogTopic): Promise<Head> {
    const act = `follow ${quoteName(topic.name)}`
    return this.#subscribe(act, { type: 'event', topic }, async (connection, { engine }) => {
      const [head] = await engine.log.heads(connection, [topic])
      if (head === undefined) throw new Error('Cannot read a head: the engine has returned none')
      return head
    })
  }

  unfollow(topic: LogTopic): void {
    this.#unsubscribe({ type: 'event', topic })
  }

  append(
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect?: Head,
  ): Promise<Appended> {
    const { name } = topic
    return this.#request(
      `publish to ${quoteName(name)}`,
      name,
      (connection, { engine }) =>
        engine.log.append(connection, { topic, message, identity, expect }),
      (cause) => new PublishUncertainError(name, { cause }),
    )
  }

  read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage> {
    const { name } = topic
    return this.#request(`read ${quoteName(name)}`, name, (connection, { engine }) =>
      engine.log.read(connection, topic, after, limit),
    )
  }

  heads(topics: readonly LogTopic[]): Promise<readonly Head[]> {
    return this.#request('read the heads of topics', null, (connection, { engine }) =>
      engine.log.heads(connection, topics),
    )
  }

  /** See `BrokerLink.request`. */
  #request<T>(
    act: string,
    topic: string | null,
    work: (connection: Connection, opened: Opened<Connection, Payload>) => Promise<T>,
    fail?: (cause: unknown) => Error,
  ): Promise<T> {
    const opened = this.#opened
    if (opened === null) return rejected(new BrokerUnavailableError(act, topic))
    return opened.link.request(act, topic, (connection) => work(connection, opened), fail)
  }

  /** @param then is called after the engine has confirmed the subscription. */
  #subscribe<T>(
    act: string,
    wanted: Wanted,
    then: (connection: Connection, opened: Opened<Connection, Payload>) => Promise<T>,
  ): Promise<T> {
    const topic = wanted.type === 'event' ? wanted.topic.name : null
    const name = this.#opened?.engine.subscriptions.add(wanted) ?? ''
    return this.#request(act, topic, async (connection, opened) => {
      await connection.subscribe([name])
      opened.engine.subscriptions.confirm(name)
      return then(connection, opened)
    })
  }

  #unsubscribe(wanted: Wanted): void {
    const name = this.#opened?.engine.subscriptions.remove(wanted) ?? null
    if (name !== null) this.#opened?.link.connection?.unsubscribe(name, wanted)
  }
}

function connectorOf<Connection extends EngineConnection, Payload>(
  engine: Engine<Connection, Payload>,
): Connector<Connection> {
  const { subscriptions, kinds } = engine
  return {
    connect(signal, ended) {
      subscriptions.reset()
      return engine.connect(signal, ended)
    },
    restore(connection) {
      const verifying = kinds?.verifyNext(connection) ?? null
      if (verifying !== null) return verifying
      const names = subscriptions.missing(RESTORED_AT_ONCE)
      if (names.length === 0) return null
      // If the request fails, the connection ends, and the next one restores them.
      for (const name of names) subscriptions.confirm(name)
      return connection.subscribe(names)
    },
  }
}

function nothing(): Promise<void> {
  return Promise.resolve()
}
