/**
 * Keeps a followed topic in step with its log: live events in order, holes healed from the log, and
 * a new epoch where the log has begun again.
 */

import type { WheelTimer } from '../../../base/internal.ts'
import type { EventPlace, Head, LogKind, LogPage, LogTopic } from '../../broker.ts'
import { FollowedTopic, type TopicSource } from '../followed-topic.ts'
import { decodeEvent, decodePage, LogPages } from '../reading/log-pages.ts'
import { offsetBeforeNewest, settlePage } from '../reading/kept-events.ts'
import type { NodeParts } from '../node-parts.ts'
import type { MissingBefore, TopicEvent } from '../topic-event.ts'
import type { AnyTopicKind } from '../../kind/define-topic.ts'
import { HeldEvents } from './held-events.ts'

const HEAL_LIMIT = { events: 256, bytes: 1 << 20 }
/** How long the follower waits before it asks a log again that did not answer as expected. */
const RETRY_MS = 250
/** How often the follower reads a hole in vain before it is told as lost. */
const MAX_FRUITLESS = 4
/** An event may expire so much earlier than it should. */
const AGE_MARGIN_MS = 30_000

/** What a follower needs while its topic is not in step with the log. */
interface Trouble {
  readonly held: HeldEvents
  isHealing: boolean
  /** How many healings in a row have found nothing. */
  fruitless: number
  retry: WheelTimer | null
}

/** Follows one topic with history. */
export class LogFollower implements TopicSource {
  readonly topic: FollowedTopic
  readonly #kind: LogKind
  readonly #parts: NodeParts
  /** The broker's name of the epoch; `null` before the first head. */
  #epoch: string | null = null
  /** Appended to the broker's epoch when a log has gone back without saying so. */
  #lives = 0
  /** Live events up to here may be echoes of events that were read. */
  #echoUntil = 0
  /** When the head was last known to be the log's, in whole milliseconds. */
  #knownAt: number
  #isStopped = false
  #trouble: Trouble | null = null

  constructor(name: string, kind: AnyTopicKind, log: LogKind, parts: NodeParts) {
    this.#kind = log
    this.#parts = parts
    this.topic = new FollowedTopic(name, kind, this, parts)
    this.#knownAt = this.topic.now
  }

  /** The topic as brokers know it. Made at each call: it is rarely needed. */
  get log(): LogTopic {
    return { name: this.topic.name, kind: this.#kind }
  }

  /** Whether each offset is the one before it plus 1. */
  get isDense(): boolean {
    return this.#parts.broker.offsets === 'dense'
  }

  /** When the newest event came, or the head was checked. */
  get knownAt(): number {
    return this.#knownAt
  }

  /**
   * Begins to follow. Rejects when the broker does not answer: the checks ask for the head again.
   */
  async start(): Promise<void> {
    const head = await this.#parts.broker.follow(this.log)
    if (!this.#isStopped && this.#epoch === null) this.#begin(head)
  }

  stop(): void {
    this.#isStopped = true
    this.#trouble?.retry?.cancel()
    this.#trouble = null
    this.#parts.broker.unfollow(this.log)
    this.topic.end()
  }

  createPages(): LogPages {
    const { broker, slots } = this.#parts
    return new LogPages(
      broker,
      this.log,
      slots,
      (epoch) => this.exposed(epoch),
      () => this.#lookLater(),
    )
  }

  /** A live event. */
  event(place: EventPlace, message: Uint8Array): void {
    if (this.#isStopped) return
    if (this.#epoch === null || this.#isHealing || !this.#apply(place, message)) {
      this.#inTrouble().held.add({ place, message })
    }
  }

  /** The log's head, asked for when the topic's was `asked`. */
  checked(head: Head, asked: Head): void {
    if (this.#isStopped || this.#isHealing) return
    if (this.#epoch === null || head.epoch !== this.#epoch) this.#begin(head)
    else if (head.offset > this.topic.head) void this.#heal()
    else if (asked.epoch === this.topic.epoch && head.offset < asked.offset) this.#wentBack(head)
    else this.#knownAt = this.topic.now
  }

  /**
   * Asks for the head now. @returns the log's newest offset; `null` if the broker does not answer.
   */
  async check(): Promise<number | null> {
    const asked = this.topic.place
    try {
      const [head] = await this.#parts.broker.heads([this.log])
      if (head === undefined) return null
      this.checked(head, asked)
      return head.offset
    } catch {
      // The broker is down: all heads are checked when it is back.
      return null
    }
  }

  /** The offset after which the newest `count` events come, as far as they are stored. */
  async offsetBefore(count: number): Promise<number> {
    const { topic, log } = this
    if (topic.isDense || count === 0) return Math.max(0, topic.head - count)
    const inRing = topic.ring?.events.at(-count - 1)
    if (inRing !== undefined) return inRing.offset
    const { broker, slots } = this.#parts
    const limit = { events: log.kind.size, bytes: HEAL_LIMIT.bytes }
    return offsetBeforeNewest(count, (after) => slots.run(() => broker.read(log, after, limit)))
  }

  /** @returns `false` if the event has to wait for missing ones before it. */
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
      if (!this.#isWaiting) void this.#heal()
      return false
    }
    this.#append(place.offset, message, null)
    return true
  }

  /** An offset that is known: an echo of a read, or a log that has gone back. */
  #applyOld(place: EventPlace, message: Uint8Array): void {
    const known = this.topic.ring?.at(place.offset) ?? null
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
      const [head] = await this.#parts.broker.heads([this.log])
      if (head === undefined || this.#isStopped) return
      const isSameLife = asked.epoch === this.topic.epoch && place.epoch === this.#epoch
      if (isSameLife && head.epoch === this.#epoch) this.#wentBack(head)
      else this.checked(head, asked)
    } catch {
      // The broker is down: all heads are checked when it is back.
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
    this.#knownAt = this.topic.now
    this.topic.begin(this.exposed(head.epoch), head.offset)
    if (!isFirst) this.#parts.told({ type: 'epoch', topic: this.topic.name })
    this.#parts.begun(this.topic.name)
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
    this.#knownAt = this.topic.now
  }

  /** Whether the log will be read again after a pause. */
  get #isWaiting(): boolean {
    return this.#trouble !== null && this.#trouble.retry !== null
  }

  get #isHealing(): boolean {
    return this.#trouble?.isHealing === true
  }

  #inTrouble(): Trouble {
    this.#trouble ??= { held: new HeldEvents(), isHealing: false, fruitless: 0, retry: null }
    return this.#trouble
  }

  /** Applies the live events that have waited. */
  #release(): void {
    const trouble = this.#trouble
    if (trouble === null) return
    const { events, hasDropped } = trouble.held.take()
    for (const [index, { place, message }] of events.entries()) {
      if (!this.#isHealing && this.#apply(place, message)) continue
      for (const later of events.slice(index)) this.#inTrouble().held.add(later)
      return
    }
    if (hasDropped) void this.#heal()
    else if (!trouble.isHealing && trouble.retry === null && trouble.held.isEmpty) {
      this.#trouble = null
    }
  }

  /** Reads the missing events. Never rejects. */
  async #heal(): Promise<void> {
    if (this.#isHealing || this.#isStopped) return
    const trouble = this.#inTrouble()
    trouble.isHealing = true
    const { topic } = this
    const from = topic.head
    const epoch = topic.epoch
    try {
      while (await this.#healOnce(from));
      const isSameLife = topic.epoch === epoch
      trouble.fruitless = topic.head > from || !isSameLife ? 0 : trouble.fruitless + 1
      if (isSameLife && topic.head > from) {
        this.#parts.told({ type: 'healed', topic: topic.name, from, to: topic.head })
      }
    } catch {
      // The broker is down: all heads are checked when it is back.
      trouble.fruitless++
    }
    trouble.isHealing = false
    if (this.#isStopped) return
    if (trouble.fruitless === 0) this.#release()
    else this.#despair(trouble)
  }

  /** @returns whether there is more to read. */
  async #healOnce(from: number): Promise<boolean> {
    const { topic } = this
    const { epoch, offset: after } = topic.place
    const { broker, slots } = this.#parts
    const read = (from: number): Promise<LogPage> =>
      slots.run(() => broker.read(this.log, from, HEAL_LIMIT))
    const page = await settlePage(await read(after), this.#kind.size, read)
    if (this.#isStopped || topic.epoch !== epoch) return false
    if (page.epoch !== this.#epoch) {
      this.#begin({ epoch: page.epoch, offset: page.head })
      return false
    }
    if (page.head < after) {
      this.#wentBack({ epoch: page.epoch, offset: page.head })
      return false
    }
    topic.heal(from, after, page.head)
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
    const { size, ageMs } = this.#kind
    const silentMs = this.topic.now - this.#knownAt
    const isYoung = silentMs < ageMs - AGE_MARGIN_MS
    if (page.complete === 'unknown' && isYoung && page.events.length < size) return null
    const missed = this.isDense ? first.offset - 1 - after : null
    return { reason: isYoung ? 'trimmed' : 'expired', missed }
  }

  /** Reads a hole again that the log does not fill. In the end the hole is told as lost. */
  #despair(trouble: Trouble): void {
    if (trouble.held.isEmpty) {
      trouble.fruitless = 0
      this.#lookLater()
      return
    }
    if (trouble.fruitless <= MAX_FRUITLESS) {
      this.#lookLater()
      return
    }
    trouble.fruitless = 0
    const next = trouble.held.find(
      ({ place }) => place.epoch === this.#epoch && place.offset > this.topic.head,
    )
    if (next !== undefined) {
      this.#append(next.place.offset, next.message, { reason: 'broker', missed: null })
    }
    this.#release()
  }

  #lookLater(): void {
    if (this.#isStopped) return
    const trouble = this.#inTrouble()
    trouble.retry ??= this.#parts.environment.timers.schedule(RETRY_MS, () => {
      trouble.retry = null
      void this.#lookNow()
    })
  }

  async #lookNow(): Promise<void> {
    // While the broker is down there is nothing to read: all heads are checked when it is back.
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
