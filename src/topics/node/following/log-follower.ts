/**
 * Keeps a followed topic in step with its log: live events in order, holes healed from the log, and
 * a new epoch where the log has begun again.
 */

import { sameBytes } from '../../../protocol/internal.ts'
import type { EventPlace, Head, LogKind, LogPage, LogTopic } from '../../broker.ts'
import type { AnyTopicKind } from '../../kind/define-topic.ts'
import { FollowedTopic, type TopicSource } from '../followed-topic.ts'
import type { NodeParts } from '../node-parts.ts'
import { type KeptOffsets, keptOffsets } from '../reading/kept-events.ts'
import { decodeEvent, LogPages } from '../reading/log-pages.ts'
import type { MissingBefore } from '../topic-event.ts'
import { fillHole } from './hole.ts'
import { Trouble } from './trouble.ts'

/** How many bytes of events are read at most to find the offset before the newest ones. */
const MAX_BYTES = 1 << 20

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
  /**
   * When the head was last known to be the log's, in whole milliseconds. An answer counts from its
   * question: events may be stored, and expire, while the answer is under way.
   */
  #knownAt: number
  /** The offsets of the log while they are read; otherwise `null`. */
  #offsets: Promise<KeptOffsets> | null = null
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
    const askedAt = this.topic.now
    const head = await this.#parts.broker.follow(this.log)
    if (!this.#isStopped && this.#epoch === null) this.#begin(head, askedAt)
  }

  stop(): void {
    this.#isStopped = true
    this.#trouble?.end()
    this.#trouble = null
    this.#parts.broker.unfollow(this.log)
    this.topic.end()
  }

  createPages(): LogPages {
    return new LogPages(
      this.#parts,
      this.log,
      (epoch) => this.exposed(epoch),
      () => this.#lookLater(),
    )
  }

  /** A live event. */
  event(place: EventPlace, message: Uint8Array): void {
    if (this.#isStopped) return
    if (this.#epoch === null || this.#isBusy || !this.#apply(place, message)) {
      this.#inTrouble().held.add({ place, message })
    }
  }

  /** The log's head, asked for at `askedAt`, when the topic's was `asked`. */
  checked(head: Head, asked: Head, askedAt: number): void {
    const trouble = this.#trouble
    if (this.#isStopped || trouble?.isHealing === true || trouble?.isAsking === true) return
    const isBehind = asked.epoch === this.topic.epoch && head.offset < asked.offset
    const hasGoneBack = isBehind || trouble?.doubt === 'proven'
    if (trouble !== null) trouble.doubt = 'none'
    if (head.epoch !== this.#epoch || hasGoneBack) this.#beginAgain(head, askedAt)
    else if (head.offset > this.topic.head) void this.#heal()
    else {
      this.#knownAt = Math.max(this.#knownAt, askedAt)
      const isSameEpoch = asked.epoch === this.topic.epoch
      if (isSameEpoch) this.topic.lastCheck = { offset: head.offset, at: askedAt }
      this.#release()
    }
  }

  /**
   * Asks for the head now. @returns the log's newest offset; `null` if the broker does not answer.
   */
  async check(): Promise<number | null> {
    const { place, now } = this.topic
    const head = await this.#readHead()
    if (head !== null) this.checked(head, place, now)
    return head?.offset ?? null
  }

  /** The offset after which the newest `count` events come, as far as they are stored. */
  async offsetBefore(count: number): Promise<number> {
    const { topic } = this
    if (topic.isDense || count === 0) return Math.max(0, topic.head - count)
    for (;;) {
      const inRing = topic.ring?.events.at(-count - 1)
      if (inRing !== undefined) return inRing.offset
      const { epoch } = topic
      const { head, offsets } = await (this.#offsets ??= this.#readOffsets())
      // The log has begun again: what was read may be of the old epoch.
      if (topic.epoch !== epoch) continue
      // The read may be older than the question: events that have come since are in the ring.
      const newer = topic.ring?.events.filter((event) => event.offset > head) ?? []
      const before =
        newer.at(-count - 1)?.offset ?? offsets.at(Math.min(-1, newer.length - count - 1))
      return Math.min(before ?? 0, topic.head)
    }
  }

  /** Reads the whole log, once for all subscriptions that ask meanwhile, whatever their counts. */
  #readOffsets(): Promise<KeptOffsets> {
    const { broker, slots } = this.#parts
    const limit = { events: this.log.kind.size, bytes: MAX_BYTES }
    const read = (after: number): Promise<LogPage> =>
      slots.run(() => broker.read(this.log, after, limit))
    const reading: Promise<KeptOffsets> = keptOffsets(read).finally(() => {
      if (this.#offsets === reading) this.#offsets = null
    })
    return reading
  }

  /** @returns `false` if the event has to wait for missing ones before it. */
  #apply(place: EventPlace, message: Uint8Array): boolean {
    const { topic } = this
    if (place.epoch !== this.#epoch) {
      // If that is the log's epoch now, the event is in the log.
      this.#doubt('open')
      return true
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
      if (!sameBytes(known.message, message)) this.#doubt('proven')
    } else if (place.offset > this.#echoUntil) {
      this.#doubt('open')
    }
  }

  /**
   * The log may be another one than before. Later events wait until its head is known: the next one
   * would fit behind the old head.
   */
  #doubt(doubt: 'open' | 'proven'): void {
    const trouble = this.#inTrouble()
    trouble.doubt = doubt
    void this.#ask(trouble)
  }

  /** Never rejects. */
  async #ask(trouble: Trouble): Promise<void> {
    const { place, now } = this.topic
    trouble.isAsking = true
    const head = await this.#readHead()
    trouble.isAsking = false
    // While the broker is down there is nothing to ask: all heads are checked when it is back.
    if (head === null) this.#lookLater()
    else this.checked(head, place, now)
  }

  /** @returns `null` if the broker does not answer. */
  async #readHead(): Promise<Head | null> {
    try {
      return (await this.#parts.broker.heads([this.log]))[0] ?? null
    } catch {
      return null
    }
  }

  /** The log is another one: it has another epoch, or it has gone back in the same one. */
  #beginAgain(head: Head, askedAt: number): void {
    if (head.epoch === this.#epoch) this.#lives++
    this.#begin(head, askedAt)
  }

  #begin(head: Head, askedAt: number): void {
    const isFirst = this.#epoch === null
    this.#epoch = head.epoch
    this.#echoUntil = head.offset
    this.#offsets = null
    this.#knownAt = askedAt
    this.topic.begin(this.exposed(head.epoch), head.offset)
    if (!isFirst) this.#parts.told({ type: 'epoch', topic: this.topic.name })
    this.#parts.begun(this.topic.name)
    this.#release()
  }

  /** The name that subscribers know an epoch of the broker by. */
  exposed(epoch: string): string {
    return this.#lives === 0 ? epoch : `${epoch}~${this.#lives}`
  }

  /**
   * The broker's name of an epoch that subscribers know. For an epoch of another life of the log, a
   * name that no epoch has.
   */
  hidden(epoch: string): string {
    if (this.#lives === 0) return epoch
    const life = `~${this.#lives}`
    return epoch.endsWith(life) ? epoch.slice(0, -life.length) : `${epoch}~`
  }

  #append(offset: number, message: Uint8Array, missing: MissingBefore | null): void {
    const event = decodeEvent(offset, message, missing)
    // Another program has written into the log. Subscriptions are told when they read the log.
    if (event === null) this.topic.skipTo(offset)
    else this.topic.append(event)
    this.#knownAt = this.topic.now
  }

  get #isWaiting(): boolean {
    return this.#trouble?.isWaiting === true
  }

  get #isBusy(): boolean {
    return this.#trouble?.isBusy === true
  }

  #inTrouble(): Trouble {
    this.#trouble ??= new Trouble(this.#parts.held)
    return this.#trouble
  }

  /** Applies the live events that have waited. */
  #release(): void {
    const trouble = this.#trouble
    if (trouble === null) return
    const { events, hasDropped } = trouble.held.take()
    for (const [index, { place, message }] of events.entries()) {
      if (!trouble.isBusy && this.#apply(place, message)) continue
      trouble.held.putBack(events.slice(index), hasDropped)
      return
    }
    if (hasDropped) void this.#heal()
    else if (trouble.isOver) this.#trouble = null
  }

  /** Reads the missing events. Never rejects. */
  async #heal(): Promise<void> {
    if (this.#isBusy || this.#isStopped) return
    const trouble = this.#inTrouble()
    trouble.isHealing = true
    const { topic } = this
    const { place, now: askedAt } = topic
    const { epoch, offset: from } = place
    const { other, isWhole } = await this.#fill()
    trouble.isHealing = false
    if (this.#isStopped) return
    if (topic.head > from) {
      if (isWhole) this.#knownAt = Math.max(this.#knownAt, askedAt)
      this.#echoUntil = Math.max(this.#echoUntil, topic.head)
      this.#parts.told({ type: 'healed', topic: topic.name, from, to: topic.head })
    }
    if (other !== null) this.#beginAgain(other, askedAt)
    const hasFound = topic.epoch !== epoch || topic.head > from
    const isLost = trouble.healed(hasFound ? 'found' : isWhole ? 'nothing' : 'failed')
    if (isLost) this.#tellLost(trouble)
    // First: while the follower waits, a released event reads nothing.
    if (!isWhole || (!hasFound && !isLost)) this.#lookLater()
    if (hasFound || isLost) this.#release()
  }

  /**
   * Never rejects.
   *
   * @returns `other`: the head of a log that is another one; otherwise `null`. `isWhole`: whether
   *   the log was read to its end.
   */
  async #fill(): Promise<{ readonly other: Head | null; readonly isWhole: boolean }> {
    const hole = {
      topic: this.topic,
      log: this.log,
      epoch: this.#epoch,
      knownAt: this.#knownAt,
      isGivenUp: () => this.#isStopped,
    }
    try {
      return { other: await fillHole(hole, this.#parts), isWhole: true }
    } catch {
      // The broker is down, and all heads are checked when it is back. Or it is up, and one read
      // has failed.
      return { other: null, isWhole: false }
    }
  }

  /** The log does not fill a hole: the next event says that events before it are lost. */
  #tellLost({ held }: Trouble): void {
    const { head } = this.topic
    const next = held.find(({ place }) => place.epoch === this.#epoch && place.offset > head)
    if (next === undefined) return
    this.#append(next.place.offset, next.message, { reason: 'broker', missed: null })
  }

  #lookLater(): void {
    if (this.#isStopped) return
    this.#inTrouble().retry(this.#parts.environment.timers, () => void this.#lookNow())
  }

  async #lookNow(): Promise<void> {
    const trouble = this.#trouble
    // While the broker is down there is nothing to read: all heads are checked when it is back.
    if (trouble === null || !this.#parts.isUp()) return
    const hasDoubt = trouble.doubt !== 'none'
    if (hasDoubt) await this.#ask(trouble)
    const isUnknown = !hasDoubt && (await this.check()) === null
    if (this.#isStopped || this.#isBusy) return
    this.#release()
    // The broker is up, and has not told the head.
    if (isUnknown) this.#lookLater()
    this.topic.mark()
  }
}
