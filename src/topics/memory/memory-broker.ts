/**
 * The broker in memory: the default, and the reference for all others.
 */

import { rejected, requireKnownNames, requireObject, quoteName } from '../../base/internal.ts'
import type { WheelTimer } from '../../base/internal.ts'
import type {
  AppendIdentity,
  Appended,
  Broker,
  BrokerOptions,
  BrokerSink,
  EventPlace,
  Head,
  LogKind,
  LogPage,
  LogTopic,
  ReadLimit,
} from '../broker.ts'
import { BrokerUnavailableError, ExpectationFailedError, PublishUncertainError } from '../errors.ts'
import { Line } from './line.ts'
import { type LogLink, MemoryLog } from './memory-log.ts'

/** What `memoryBroker` takes. */
export interface MemoryBrokerOptions {
  /**
   * Shared by the brokers of several nodes in one process, for tests. @defaultValue a log of its
   * own
   */
  readonly log?: MemoryLog
}

/** How long a silent line looks alive. */
const DETECT_MS = 8000

/**
 * Makes the broker in memory. Private to its process, unless several share one `MemoryLog`: then
 * each stands for a node, and the log has faults for tests.
 *
 * @throws {TypeError} for an unknown option.
 */
export function memoryBroker(options: MemoryBrokerOptions = {}): Broker {
  requireObject('make the broker', 'the options', options)
  requireKnownNames('make the broker', options, ['log'])
  return new MemoryBroker(options.log ?? new MemoryLog(), options.log === undefined)
}

/** Whether no other node can be on the same broker. */
export function isPrivate(broker: Broker): boolean {
  return broker instanceof MemoryBroker && broker.isPrivate
}

/** Whether a broker is in this process. */
export function isMemory(broker: Broker): boolean {
  return broker instanceof MemoryBroker
}

type LinkState = 'new' | 'up' | 'silent' | 'down' | 'closed'

class MemoryBroker implements Broker, LogLink {
  readonly appendsInFlight: number = Infinity
  readonly offsets = 'dense'
  readonly isPrivate: boolean
  readonly #log: MemoryLog
  readonly #topics = new Map<string, LogTopic>()
  readonly #channels = new Set<string>()
  #line: Line | null = null
  #state: LinkState = 'new'
  #detection: WheelTimer | null = null
  #delayMs = 0

  constructor(log: MemoryLog, isPrivate: boolean) {
    this.#log = log
    this.isPrivate = isPrivate
  }

  open(sink: BrokerSink, options: BrokerOptions): Promise<void> {
    if (this.#line !== null) {
      return rejected(
        new TypeError('Cannot open the broker: it is open, expected one for each node'),
      )
    }
    this.#line = new Line(sink, options)
    this.#state = 'up'
    this.#line.delay(this.#delayMs)
    this.#log.attach(this, options.environment.random)
    sink.state({ state: 'up' })
    return Promise.resolve()
  }

  close(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve()
    this.#state = 'closed'
    this.#log.detach(this)
    this.#endLine()
    this.#line?.sink.state({ state: 'closed' })
    return Promise.resolve()
  }

  listen(channel: string): Promise<void> {
    if (this.#state !== 'closed') this.#channels.add(channel)
    return this.#request('listen to a channel', null, (line) =>
      this.#log.listen(this, line.keyOf(channel)),
    )
  }

  unlisten(channel: string): void {
    if (!this.#channels.delete(channel)) return
    this.#tell((line) => this.#log.unlisten(this, line.keyOf(channel)))
  }

  send(channel: string, message: Uint8Array): void {
    if (!this.#mayAsk()) throw new BrokerUnavailableError('send a message', null)
    this.#tell((line) => this.#log.send(line.keyOf(channel), channel, message))
  }

  flush(): Promise<void> {
    return this.#request('flush', null, () => {})
  }

  prepare(_kind: LogKind): Promise<void> {
    return Promise.resolve()
  }

  follow(topic: LogTopic): Promise<Head> {
    if (this.#state !== 'closed') this.#topics.set(topic.name, topic)
    return this.#request(`follow ${quoteName(topic.name)}`, topic.name, (line) => {
      const key = line.keyOf(topic.name)
      this.#log.follow(this, key)
      return this.#log.headOf(key)
    })
  }

  unfollow(topic: LogTopic): void {
    if (!this.#topics.delete(topic.name)) return
    this.#tell((line) => this.#log.unfollow(this, line.keyOf(topic.name)))
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
      (line) => {
        const now = line.environment.clock.now()
        const key = line.keyOf(name)
        const appended = this.#log.append(key, topic, message, identity, expect ?? null, now)
        if (appended === null) throw new ExpectationFailedError(name)
        return appended
      },
      () => new PublishUncertainError(name),
    )
  }

  read(topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage> {
    return this.#request(`read ${quoteName(topic.name)}`, topic.name, (line) => {
      const now = line.environment.clock.now()
      return this.#log.read(line.keyOf(topic.name), after, limit, now)
    })
  }

  heads(topics: readonly LogTopic[]): Promise<readonly Head[]> {
    return this.#request('read the heads of topics', null, (line) =>
      topics.map(({ name }) => this.#log.headOf(line.keyOf(name))),
    )
  }

  event(topic: string, place: EventPlace, message: Uint8Array): void {
    const line = this.#line
    line?.toNode.push(() => {
      if (this.#topics.has(topic)) line.sink.event(topic, place, message)
    })
  }

  message(channel: string, message: Uint8Array): void {
    const line = this.#line
    line?.toNode.push(() => {
      if (this.#channels.has(channel)) line.sink.message(channel, message)
    })
  }

  cut(isSilent: boolean): void {
    if (this.#state !== 'up' && this.#state !== 'silent') return
    if (!isSilent) {
      this.#down()
      return
    }
    if (this.#state === 'silent') return
    this.#state = 'silent'
    this.#line?.stall()
    this.#detection = this.#line?.environment.timers.schedule(DETECT_MS, () => this.#down()) ?? null
  }

  mend(): void {
    const line = this.#line
    if (line === null) return
    if (this.#state === 'silent') {
      this.#detection?.cancel()
      this.#state = 'up'
      line.resume()
    } else if (this.#state === 'down') {
      for (const { name } of this.#topics.values()) this.#log.follow(this, line.keyOf(name))
      for (const channel of this.#channels) this.#log.listen(this, line.keyOf(channel))
      this.#state = 'up'
      line.sink.state({ state: 'up' })
    }
  }

  delay(ms: number): void {
    this.#delayMs = ms
    this.#line?.delay(ms)
  }

  #down(): void {
    const line = this.#line
    if (line === null) return
    this.#state = 'down'
    this.#log.release(this)
    this.#endLine()
    line.sink.state({ state: 'down', since: line.environment.clock.now(), cause: null })
  }

  #endLine(): void {
    this.#detection?.cancel()
    this.#line?.break()
  }

  #mayAsk(): boolean {
    return this.#state === 'up' || this.#state === 'silent'
  }

  /** Does `work` at the log; nothing comes back. */
  #tell(work: (line: Line) => void): void {
    const line = this.#line
    if (line === null || !this.#mayAsk()) return
    line.toLog.push(() => work(line))
  }

  /** Does `work` at the log and brings its result back. */
  #request<T>(
    act: string,
    topic: string | null,
    work: (line: Line) => T,
    fail: () => Error = () => new BrokerUnavailableError(act, topic),
  ): Promise<T> {
    const line = this.#line
    if (line === null || !this.#mayAsk()) return rejected(new BrokerUnavailableError(act, topic))
    return line.request(() => work(line), fail)
  }
}
