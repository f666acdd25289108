/**
 * Keeps a followed topic in step with its log: live events in order, holes healed from the log, and a new epoch
 * where the log has begun again.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import type { Broker, EventPlace, Head, LogPage, LogTopic } from '../broker.ts'
import { FollowedTopic } from './followed-topic.ts'
import { decodeEvent, decodePage, LogPages } from './reading/log-pages.ts'
import { offsetBeforeNewest, settlePage } from './reading/kept-events.ts'
import type { NodeParts } from './node-parts.ts'
import type { MissingBefore, TopicEvent } from './topic-event.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'

interface Held {
  readonly place: EventPlace
  readonly message: Uint8Array
}

const HEAL_LIMIT = { events: 256, bytes: 1 << 20 }
const MAX_HELD_EVENTS = 256
const MAX_HELD_BYTES = 1 << 20
/** How long a log that is not what it should be is left alone before it is looked at again. */
const RETRY_MS = 250
/** How often a hole is looked for in vain before it is told as lost. */
const MAX_FRUITLESS = 4
/** An event may expire so much earlier than it should. */
const AGE_MARGIN_MS = 30_000

/** Follows one topic with history. */
export class LogFollower {
  readonly topic: FollowedTopic
  readonly log: LogTopic
  readonly #broker: Broker
  readonly #parts: NodeParts
  readonly #environment: Environment
  readonly #begun: () => void
  /** The broker's name of the epoch; `null` before the first head. */
  #epoch: string | null = null
  /** Appended to the broker's epoch when a log has gone back without saying so. */
  #lives = 0
  /** Live events up to here may be echoes of what was read. */
  #echoUntil = 0
  #held: Held[] = []
  #heldBytes = 0
  #hasDropped = false
  #isHealing = false
  #isStopped = false
  #fruitless = 0
  #retry: WheelTimer | null = null
  /** When the head was last known to be the log's. */
  #knownAt: number

  /** @param begun is called when the head of the log becomes known, and with each new epoch. */
  constructor(kind: AnyTopicKind, log: LogTopic, parts: NodeParts, begun: () => void = () => {}) {
    this.log = log
    this.#begun = begun
    this.#broker = parts.broker
    this.#parts = parts
    this.#environment = parts.environment
    this.#knownAt = parts.environment.clock.now()
    const pages = new LogPages(
      parts.broker,
      log,
      parts.slots,
      (epoch) => this.exposed(epoch),
      () => this.#lookLater(),
    )
    const isDense = parts.broker.offsets === 'dense'
    this.topic = new FollowedTopic(log.name, kind, { pages, isDense }, parts)
  }

  /** When the newest event came, or the head was checked. */
  get knownAt(): number {
    return this.#knownAt
  }

  /**
   * Begins to follow. Rejects when the broker does not answer: the checks ask for the head again.
   */
  async start(): Promise<void> {
    const head = await this.#broker.follow(this.log)
    if (!this.#isStopped && this.#epoch === null) this.#begin(head)
  }

  stop(): void {
    this.#isStopped = true
    this.#retry?.cancel()
    this.#held = []
    this.#broker.unfollow(this.log)
    this.topic.end()
  }

  /** A live event. */
  event(place: EventPlace, message: Uint8Array): void {
    if (this.#isStopped) return
    if (this.#epoch === null || this.#isHealing || !this.#apply(place, message)) {
      this.#hold({ place, message })
    }
  }

  /** The log's head, asked for when the topic's was `asked`. */
  checked(head: Head, asked: Head): void {
    if (this.#isStopped || this.#isHealing) return
    if (this.#epoch === null || head.epoch !== this.#epoch) this.#begin(head)
    else if (head.offset > this.topic.head) void this.#heal()
    else if (asked.epoch === this.topic.epoch && head.offset < asked.offset) this.#wentBack(head)
    else this.#knownAt = this.#environment.clock.now()
  }

  /** Asks for the head now. @returns the log's newest offset; `null` when the broker is away. */
  async check(): Promise<number | null> {
    const asked = this.topic.place
    try {
      const [head] = await this.#broker.heads([this.log])
      if (head === undefined) return null
      this.checked(head, asked)
      return head.offset
    } catch {
      // The broker is away: everything is checked when it is back.
      return null
    }
  }

  /** The offset after which the newest `count` events come, as far as they are kept. */
  async offsetBefore(count: number): Promise<number> {
    const { topic, log } = this
    if (topic.isDense || count === 0) return Math.max(0, topic.head - count)
    const inRing = topic.ring.events.at(-count - 1)
    if (inRing !== undefined) return inRing.offset
    const limit = { events: log.kind.size, bytes: HEAL_LIMIT.bytes }
    return offsetBeforeNewest(count, (after) =>
      this.#parts.slots.run(() => this.#broker.read(log, after, limit)),
    )
  }

  /** @returns `false` when the event has to wait for what is missing before it. */
  #apply(place: EventPlace, message: Uint8Array): boolean {
    const { topic } = this
    if (place.epoch !== this.#epoch) {
      void this.check()
      return false
    }
    if (place.offset <= topic.head) {
      this.#applyOld(place, message)
      return true
    }
    if (place.previous !== topic.head) {
      if (this.#retry === null) void this.#heal()
      return false
    }
    this.#append(place.offset, message, null)
    return true
  }

  /** An offset that is known: an echo of a read, or a log that has gone back. */
  #applyOld(place: EventPlace, message: Uint8Array): void {
    const known = this.topic.ring.at(place.offset)
    if (known !== null) {
      if (!isEqual(known.message, message)) void this.#lookAgain(place)
    } else if (place.offset > this.#echoUntil) {
      void this.check()
    }
  }

  /** The same offset with another event: the log has gone back, whatever its epoch says. */
  async #lookAgain(place: EventPlace): Promise<void> {
    const asked = this.topic.place
    try {
      const [head] = await this.#broker.heads([this.log])
      if (head === undefined || this.#isStopped) return
      const isSameLife = asked.epoch === this.topic.epoch && place.epoch === this.#epoch
      if (isSameLife && head.epoch === this.#epoch) this.#wentBack(head)
      else this.checked(head, asked)
    } catch {
      // The broker is away: everything is checked when it is back.
    }
  }

  /** The log is shorter than it was, or has other events, in the same epoch. */
  #wentBack(head: Head): void {
    this.#lives++
    this.#begin(head)
  }

  #begin(head: Head): void {
    const isFirst = this.#epoch === null
    this.#epoch = head.epoch
    this.#echoUntil = head.offset
    this.#knownAt = this.#environment.clock.now()
    this.topic.begin(this.exposed(head.epoch), head.offset)
    if (!isFirst) this.#parts.told({ type: 'epoch', topic: this.topic.name })
    this.#begun()
    this.#release()
  }

  /** The name that subscribers know an epoch of the broker by. */
  exposed(epoch: string): string {
    return this.#lives === 0 ? epoch : `${epoch}~${this.#lives}`
  }

  #append(offset: number, message: Uint8Array, missing: MissingBefore | null): void {
    const event = decodeEvent(offset, message, missing)
    if (event === null) this.topic.skipTo(offset)
    else this.topic.append(event)
    this.#knownAt = this.#environment.clock.now()
  }

  #hold(held: Held): void {
    this.#heldBytes += held.message.length
    if (this.#held.length >= MAX_HELD_EVENTS || this.#heldBytes > MAX_HELD_BYTES) {
      // The log has it.
      this.#heldBytes -= held.message.length
      this.#hasDropped = true
      return
    }
    this.#held.push(held)
  }

  /** Applies what has waited. */
  #release(): void {
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    const dropped = this.#hasDropped
    this.#hasDropped = false
    for (const [index, { place, message }] of held.entries()) {
      if (!this.#isHealing && this.#apply(place, message)) continue
      for (const later of held.slice(index)) this.#hold(later)
      return
    }
    if (dropped) void this.#heal()
  }

  /** Reads what is missing. Never rejects. */
  async #heal(): Promise<void> {
    if (this.#isHealing || this.#isStopped) return
    this.#isHealing = true
    const { topic } = this
    const from = topic.head
    const epoch = topic.epoch
    try {
      while (await this.#healOnce(from));
      const isSameLife = topic.epoch === epoch
      this.#fruitless = topic.head > from || !isSameLife ? 0 : this.#fruitless + 1
      if (isSameLife && topic.head > from) {
        this.#parts.told({ type: 'healed', topic: topic.name, from, to: topic.head })
      }
    } catch {
      // The broker is away: everything is checked when it is back.
      this.#fruitless++
    }
    this.#isHealing = false
    if (this.#isStopped) return
    if (this.#fruitless === 0) this.#release()
    else this.#despair()
  }

  /** @returns whether there is more to read. */
  async #healOnce(from: number): Promise<boolean> {
    const { topic } = this
    const { epoch, offset: after } = topic.place
    const read = (from: number): Promise<LogPage> =>
      this.#parts.slots.run(() => this.#broker.read(this.log, from, HEAL_LIMIT))
    const page = await settlePage(await read(after), this.log.kind.size, read)
    if (this.#isStopped || topic.epoch !== epoch) return false
    if (page.epoch !== this.#epoch) {
      this.#begin({ epoch: page.epoch, offset: page.head })
      return false
    }
    if (page.head < after) {
      this.#wentBack({ epoch: page.epoch, offset: page.head })
      return false
    }
    topic.healedFrom = Math.min(topic.healedTo > after ? topic.healedFrom : from, from)
    topic.healedTo = page.head
    this.#echoUntil = Math.max(this.#echoUntil, page.head)
    this.#appendPage(page, after)
    return page.events.length > 0 && topic.head < page.head
  }

  #appendPage(page: LogPage, after: number): void {
    const { topic } = this
    const { events } = decodePage(page, after, topic.epoch)
    if (events.length === 0 && page.head > topic.head) topic.skipTo(page.head)
    let lost = this.#lostBefore(page, events[0] ?? null, after)
    for (const event of events) {
      this.#append(event.offset, event.message, lost ?? event.missing)
      lost = null
    }
  }

  #lostBefore(page: LogPage, first: TopicEvent | null, after: number): MissingBefore | null {
    if (first === null || page.complete === true) return null
    const { size, ageMs } = this.log.kind
    const silentMs = this.#environment.clock.now() - this.#knownAt
    const isYoung = silentMs < ageMs - AGE_MARGIN_MS
    if (page.complete === 'unknown' && isYoung && page.events.length < size) return null
    const missed = this.topic.isDense ? first.offset - 1 - after : null
    return { reason: isYoung ? 'trimmed' : 'expired', missed }
  }

  /** A hole that the log does not fill is looked for again, and in the end told as lost. */
  #despair(): void {
    if (this.#held.length === 0 && !this.#hasDropped) {
      this.#fruitless = 0
      this.#lookLater()
      return
    }
    if (this.#fruitless <= MAX_FRUITLESS) {
      this.#lookLater()
      return
    }
    this.#fruitless = 0
    const next = this.#held.find(
      ({ place }) => place.epoch === this.#epoch && place.offset > this.topic.head,
    )
    if (next !== undefined) {
      this.#append(next.place.offset, next.message, { reason: 'broker', missed: null })
    }
    this.#release()
  }

  #lookLater(): void {
    if (this.#retry !== null || this.#isStopped) return
    this.#retry = this.#environment.timers.schedule(RETRY_MS, () => {
      this.#retry = null
      void this.#lookNow()
    })
  }

  async #lookNow(): Promise<void> {
    // While the broker is away there is nothing to see: everything is checked when it is back.
    if (!this.#parts.isUp()) return
    await this.check()
    if (this.#isStopped || this.#isHealing) return
    this.#release()
    this.topic.mark()
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
