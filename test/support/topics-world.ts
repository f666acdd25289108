/**
 * Nodes of topics over one log in memory, in virtual time, for tests.
 */

import type { Logger } from '../../src/application/index.ts'
import { createTestEnvironment, type TestEnvironment } from '../../src/testing/test-environment.ts'
import { type Broker, memoryBroker, MemoryLog, type TopicItem } from '../../src/topics/index.ts'
import { readTopicsOptions, type TopicsOptions } from '../../src/topics/topics-options.ts'
import { TopicsOfProcess } from '../../src/topics/topics.ts'

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Processes that share a broker. */
export class TopicsWorld {
  readonly environment: TestEnvironment
  readonly log: MemoryLog
  readonly #wrap: (broker: Broker) => Broker
  readonly #opened: TopicsOfProcess[] = []

  /** @param wrap makes the broker of each process from one in memory. */
  constructor(seed = 1, wrap: (broker: Broker) => Broker = (broker) => broker) {
    this.#wrap = wrap
    this.environment = createTestEnvironment(seed)
    this.log = new MemoryLog()
  }

  /** One more process. */
  async open(options: Omit<TopicsOptions, 'broker'> = {}): Promise<TopicsOfProcess> {
    const settings = readTopicsOptions('test', {
      ...options,
      broker: this.#wrap(memoryBroker({ log: this.log })),
    })
    const topics = new TopicsOfProcess(settings, this.environment, SILENT)
    this.#opened.push(topics)
    await topics.open()
    return topics
  }

  pass(ms: number): Promise<void> {
    return this.environment.clock.advance(ms)
  }

  async end(): Promise<void> {
    await Promise.all(this.#opened.map((topics) => topics.close()))
    await this.pass(0)
  }
}

/** What a stream has brought so far, written short: `1 2 gap(2→5) live`. */
export class Listening {
  readonly items: TopicItem[] = []
  error: unknown = null
  readonly #stream: AsyncIterableIterator<TopicItem>
  #check: () => void = () => {}

  constructor(stream: AsyncIterableIterator<TopicItem>) {
    this.#stream = stream
    void this.#listen()
  }

  get events(): unknown[] {
    return this.items.flatMap((item) => (item.type === 'event' ? [item.event] : []))
  }

  get short(): string {
    return this.items.map(shortOf).join(' ')
  }

  /** Resolves when `isSo` answers true: asked now, and after each item. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#check = () => {
        if (isSo()) resolve()
      }
      this.#check()
    })
  }

  async stop(): Promise<void> {
    await this.#stream.return?.()
  }

  async #listen(): Promise<void> {
    try {
      for await (const item of this.#stream) {
        this.items.push(item)
        this.#check()
      }
    } catch (error) {
      this.error = error
    }
  }
}

function shortOf(item: TopicItem): string {
  if (item.type === 'event') return item.offset === null ? String(item.event) : `${item.offset}`
  if (item.type === 'gap') return `gap(${item.after}→${item.before} ${item.reason} ${item.missed})`
  return item.type === 'skipped' ? `skipped(${item.count})` : 'live'
}
