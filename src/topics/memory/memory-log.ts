/**
 * The engine behind the brokers in memory: logs, channels, and faults for tests.
 *
 * A `MemoryLog` that several brokers share stands for an engine that several nodes are connected
 * to.
 */

import type {
  AppendIdentity,
  Appended,
  EventPlace,
  Head,
  LogKind,
  LogPage,
  LogTopic,
  ReadLimit,
} from '../broker.ts'
import { LinksByName } from './links-by-name.ts'
import { TopicLog } from './topic-log.ts'

/** A broker's connection, as the log sees it. */
export interface LogLink {
  event(topic: string, place: EventPlace, message: Uint8Array): void
  message(channel: string, message: Uint8Array): void
  /** Faults: see `MemoryLog`. */
  cut(isSilent: boolean): void
  mend(): void
  delay(ms: number): void
}

/** How an engine comes back. */
export interface RestartOptions {
  /**
   * How many of the newest events of each topic are lost, 0 or above: every topic then goes on in
   * another epoch. Absent: nothing is lost, and the epochs stay.
   */
  readonly lose?: number
}

/** How a line is cut. */
export interface CutOptions {
  /**
   * Whether nothing says that the line is cut: packets vanish, and the node finds out after 8
   * seconds.
   *
   * @defaultValue false
   */
  readonly silent?: boolean
}

/** How long the offset and the epoch of a topic outlive its events. */
const META_MS = 24 * 3_600_000
// How many topics an append visits, to drop those without recent appends.
const SWEPT_PER_APPEND = 2

/** Logs and channels in the memory of this process, with faults that tests switch on. */
export class MemoryLog {
  readonly #links = new Set<LogLink>()
  readonly #topics = new Map<string, TopicLog>()
  #sweeper = this.#topics.entries()
  readonly #followers = new LinksByName<LogLink>()
  readonly #listeners = new LinksByName<LogLink>()
  #base: string | null = null
  #generation = 0
  /** The same for logs of Towpath itself, which are dropped often: no subscriber may see that. */
  #ownGeneration = 0
  #toDrop = 0
  #isPaused = false

  /**
   * Cuts the line of `broker`, or of all brokers: requests fail, nothing is delivered, and the
   * brokers are `down` until `mend`.
   */
  cut(broker?: object, options: CutOptions = {}): void {
    for (const link of this.#linksOf(broker)) link.cut(options.silent === true)
  }

  /** Ends a cut. */
  mend(broker?: object): void {
    if (this.#isPaused) return
    for (const link of this.#linksOf(broker)) link.mend()
  }

  /** Loses the next `count` deliveries of events and messages, on any line. */
  drop(count: number): void {
    this.#toDrop = count
  }

  /** Delays everything that is sent from now on by `ms` milliseconds in each direction. */
  delay(ms: number, broker?: object): void {
    for (const link of this.#linksOf(broker)) link.delay(ms)
  }

  /** Cuts all lines, loses what `options` say, and mends the lines. */
  restart(options: RestartOptions = {}): void {
    const links = [...this.#links]
    for (const link of links) link.cut(false)
    if (options.lose !== undefined) {
      this.#generation++
      for (const [key, log] of this.#topics) log.lose(options.lose, this.#epochOf(key))
    }
    for (const link of links) link.mend()
  }

  /** Stops answering, without a sign. Brokers are `down` after 8 seconds. */
  pause(): void {
    this.#isPaused = true
    for (const link of this.#links) link.cut(true)
  }

  /** Ends a pause. */
  resume(): void {
    this.#isPaused = false
    for (const link of this.#links) link.mend()
  }

  /** @param random names the epochs of a log whose first broker this is. */
  attach(link: LogLink, random: (target: Uint8Array) => Uint8Array): void {
    this.#base ??= [...random(new Uint8Array(8))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
    this.#links.add(link)
    if (this.#isPaused) link.cut(true)
  }

  detach(link: LogLink): void {
    this.#links.delete(link)
    this.release(link)
  }

  /** Forgets what `link` follows and listens to: its line is cut. */
  release(link: LogLink): void {
    this.#followers.removeAll(link)
    this.#listeners.removeAll(link)
  }

  follow(link: LogLink, key: string): void {
    this.#followers.add(key, link)
  }

  unfollow(link: LogLink, key: string): void {
    this.#followers.remove(key, link)
  }

  listen(link: LogLink, key: string): void {
    this.#listeners.add(key, link)
  }

  unlisten(link: LogLink, key: string): void {
    this.#listeners.remove(key, link)
  }

  /** `channel` is the channel's name without the namespace, for its receivers. */
  send(key: string, channel: string, message: Uint8Array): void {
    for (const link of this.#listeners.of(key)) {
      if (!this.#loses()) link.message(channel, message.slice())
    }
  }

  /** See `Broker.read`. Asking keeps nothing. */
  read(key: string, after: number, limit: ReadLimit, now: number): LogPage {
    const log = this.#topics.get(key)
    if (log !== undefined) return log.read(after, limit, now)
    return { epoch: this.#epochOf(key), head: 0, events: [], complete: true }
  }

  /** The head of a topic. Asking keeps nothing. */
  headOf(key: string): Head {
    return this.#topics.get(key)?.head ?? { epoch: this.#epochOf(key), offset: 0 }
  }

  /** @returns `null` when `expect` does not hold. */
  append(
    key: string,
    topic: LogTopic,
    message: Uint8Array,
    identity: AppendIdentity,
    expect: Head | null,
    now: number,
  ): Appended | null {
    const log = this.#topics.get(key) ?? new TopicLog(topic.kind, this.#epochOf(key))
    const stored = log.append(message, identity, expect, now)
    if (stored === null) return null
    this.#topics.set(key, log)
    this.#sweep(now)
    if (stored.place !== null) this.#deliver(key, topic.name, stored.place, message)
    return stored.appended
  }

  #deliver(key: string, name: string, place: EventPlace, message: Uint8Array): void {
    for (const link of this.#followers.of(key)) {
      if (!this.#loses()) link.event(name, place, message.slice())
    }
  }

  #loses(): boolean {
    if (this.#toDrop === 0) return false
    this.#toDrop--
    return true
  }

  /** Looks at a few topics, in turn: drops expired events, and topics that have long had none. */
  #sweep(now: number): void {
    for (let left = SWEPT_PER_APPEND; left > 0; left--) {
      const next = this.#sweeper.next()
      if (next.done === true) {
        this.#sweeper = this.#topics.entries()
        return
      }
      const [key, log] = next.value
      log.trim(now)
      const emptyAt = log.appendedAt + log.kind.ageMs
      if (emptyAt > now || emptyAt + metaMsOf(log.kind) > now) continue
      this.#topics.delete(key)
      // A topic of that name begins again at offset 1: that is another epoch. The epoch changes
      // only if it has to: each change fails the appends that expect a topic to be empty.
      if (log.head.epoch !== this.#epochOf(key)) continue
      if (isOwn(key)) this.#ownGeneration++
      else this.#generation++
    }
  }

  /** The epoch of a log that is not there. */
  #epochOf(key: string): string {
    const epoch = `${this.#base ?? ''}-${this.#generation}`
    return isOwn(key) ? `${epoch}-${this.#ownGeneration}` : epoch
  }

  #linksOf(broker: object | undefined): Iterable<LogLink> {
    if (broker === undefined) return [...this.#links]
    return [...this.#links].filter((link) => link === broker)
  }
}

/**
 * For how long a log outlives its events. The kinds of Towpath itself have an empty segment in
 * their id. No client has a position in their logs, so these logs end with their events.
 */
function metaMsOf(kind: LogKind): number {
  return isOwn(kind.id) ? 0 : META_MS
}

/** Whether the id of a kind, or the key of a topic, is Towpath's own: no other has this segment. */
function isOwn(name: string): boolean {
  return name.includes('//')
}
