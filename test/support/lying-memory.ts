/**
 * An engine in memory that lies, in virtual time. As with Redis, events and answers reach a node on
 * two lines: each line keeps its order, and one may be later than the other.
 */

import type { Environment } from '../../src/base/internal.ts'
import {
  type AppendIdentity,
  type Appended,
  type EventPlace,
  type Head,
  type LogPage,
  type LogTopic,
  memoryBroker,
  MemoryLog,
  type ReadLimit,
} from '../../src/topics/index.ts'
import type { LogLink } from '../../src/topics/memory/memory-log.ts'
import type { Lie, LiePlace, LyingEngine } from '../suites/brokers/lying-suite.ts'
import { createMemoryHarness } from './memory-harness.ts'

const MAX_DELAY_MS = 20

/** The line that brings the events to one node. */
interface Line {
  readonly topic: string
  readonly waiting: Array<(topic: string) => void>
  dueAt: number
}

interface Entry {
  readonly offset: number
  readonly message: Uint8Array
}

/** The log of the only topic, which a lie may change in every way. */
class LyingLog extends MemoryLog {
  epoch = 'e'
  head = 0
  entries: Entry[] = []
  readonly #environment: Environment
  readonly #lines = new Map<LogLink, Line>()
  readonly #known = new Map<string, number>()

  constructor(environment: Environment) {
    super()
    this.#environment = environment
  }

  /** Delivers an event to all nodes, late and in order. */
  tell(place: EventPlace, message: Uint8Array): void {
    const { clock, timers } = this.#environment
    for (const [link, line] of this.#lines) {
      line.dueAt = Math.max(line.dueAt, clock.now() + this.#randomMs())
      line.waiting.push((topic) => link.event(topic, place, message.slice()))
      timers.schedule(line.dueAt - clock.now(), () => line.waiting.shift()?.(line.topic))
    }
  }

  override attach(link: LogLink, random: (target: Uint8Array) => Uint8Array): void {
    super.attach(link, random)
    link.delay(this.#randomMs())
  }

  override follow(link: LogLink, key: string): void {
    const topic = key.slice(key.indexOf(':') + 1)
    this.#lines.set(link, { topic, waiting: [], dueAt: 0 })
  }

  override unfollow(link: LogLink): void {
    this.#lines.delete(link)
  }

  override release(link: LogLink): void {
    super.release(link)
    this.#lines.delete(link)
  }

  override headOf(): Head {
    return { epoch: this.epoch, offset: this.head }
  }

  override append(
    _key: string,
    _topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
  ): Appended {
    const { epoch } = this
    const name = 'id' in identity ? identity.id : `${identity.lane} ${identity.sequence}`
    const known = this.#known.get(name)
    if (known !== undefined) return { epoch, offset: known, duplicate: true }
    const previous = this.entries.length === 0 ? 0 : this.head
    const offset = ++this.head
    this.#known.set(name, offset)
    this.entries.push({ offset, message: message.slice() })
    this.tell({ epoch, offset, previous }, message)
    return { epoch, offset, duplicate: false }
  }

  override read(_key: string, after: number, limit: ReadLimit): LogPage {
    const events = this.entries.filter(({ offset }) => offset > after).slice(0, limit.events)
    const oldest = this.entries[0]?.offset ?? this.head + 1
    return { ...this.headOf(), head: this.head, events, complete: after + 1 >= oldest }
  }

  #randomMs(): number {
    const [byte = 0] = this.#environment.random(new Uint8Array(1))
    return Math.floor((byte * MAX_DELAY_MS) / 256)
  }
}

/** @param seed of the delays. */
export function createLyingMemory(seed: number): LyingEngine {
  const harness = createMemoryHarness(seed)
  const log = new LyingLog(harness.environment)
  return {
    harness: { ...harness, create: () => memoryBroker({ log }) },
    lie: (lie, place) => Promise.resolve(tell(log, lie, place)),
  }
}

function tell(log: LyingLog, lie: Lie, { epoch, offsets }: LiePlace): void {
  const alien = new TextEncoder().encode('alien')
  const last = offsets.at(-1) ?? 0
  switch (lie) {
    case 'the newest two events vanish from the log':
      log.entries = log.entries.slice(0, 2)
      log.head = 2
      break
    case 'an event in the middle vanishes':
      log.entries.splice(1, 1)
      break
    case 'another program stores bytes in the log':
      log.entries.push({ offset: ++log.head, message: alien })
      break
    case 'another program publishes bytes as live events':
      log.tell({ epoch, offset: last, previous: last - 1 }, alien)
      break
    case 'a live event names another epoch':
      log.tell({ epoch: 'another', offset: last + 1, previous: last }, alien)
      break
    case 'a live event has an offset far above the head':
      log.tell({ epoch, offset: 900, previous: last }, alien)
      break
    case 'the metadata names another epoch':
      log.epoch = 'another'
      break
    case 'everything vanishes':
      log.entries = []
      log.head = 0
      log.epoch = 'another'
  }
}
