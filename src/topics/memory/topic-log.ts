/**
 * The log of one topic in memory: the newest events, their offsets, and the identities of recent
 * appends.
 */

import type {
  AppendIdentity,
  Appended,
  EventPlace,
  Head,
  LogKind,
  LogPage,
  ReadLimit,
} from '../broker.ts'
import { RecentIdentities } from './recent-identities.ts'

interface Entry {
  readonly offset: number
  readonly at: number
  message: Uint8Array
  readonly identity: AppendIdentity
}

/** An append that was answered. */
export interface Stored {
  readonly appended: Appended
  /** `null` if nothing was stored now. */
  readonly place: EventPlace | null
}

// The front of the array is cut off when this many trimmed entries have gathered there.
const COMPACT_AT = 64
const NO_MESSAGE = new Uint8Array(0)

/** One log. Offsets begin at 1 and grow by 1. */
export class TopicLog {
  readonly kind: LogKind
  readonly #identities = new RecentIdentities()
  #epoch: string
  #head = 0
  #entries: Entry[] = []
  /** The index of the oldest entry that is kept. */
  #start = 0
  #appendedAt = 0

  constructor(kind: LogKind, epoch: string) {
    this.kind = kind
    this.#epoch = epoch
  }

  get head(): Head {
    return { epoch: this.#epoch, offset: this.#head }
  }

  /** When the newest event was stored; 0 when there has been none. */
  get appendedAt(): number {
    return this.#appendedAt
  }

  /** @returns `null` when `expect` does not hold. */
  append(
    message: Uint8Array,
    identity: AppendIdentity,
    expect: Head | null,
    now: number,
  ): Stored | null {
    this.trim(now)
    const known = this.#identities.find(identity)
    if (known !== null) {
      return { appended: { epoch: this.#epoch, ...known }, place: null }
    }
    if (expect !== null && (expect.epoch !== this.#epoch || expect.offset !== this.#head)) {
      return null
    }

    const previous = this.#head
    const offset = ++this.#head
    // A copy: the sender goes on with its own.
    this.#entries.push({ offset, at: now, message: message.slice(), identity })
    if (this.#entries.length - this.#start > this.kind.size) this.#dropOldest()
    this.#compact()
    this.#identities.remember(identity, offset, now)
    this.#appendedAt = now
    const place = { epoch: this.#epoch, offset, previous }
    return { appended: { epoch: this.#epoch, offset, duplicate: false }, place }
  }

  /** See `Broker.read`. */
  read(after: number, limit: ReadLimit, now: number): LogPage {
    this.trim(now)
    const oldest = this.#entries[this.#start]?.offset ?? this.#head + 1
    const events = []
    let bytes = 0
    const first = this.#start + Math.max(0, after + 1 - oldest)
    for (let index = first; index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (entry === undefined || events.length === limit.events) break
      bytes += entry.message.length
      if (bytes > limit.bytes && events.length > 0) break
      events.push({ offset: entry.offset, message: entry.message.slice() })
    }
    return { epoch: this.#epoch, head: this.#head, events, complete: after + 1 >= oldest }
  }

  /** Drops what is older than its kind keeps. */
  trim(now: number): void {
    const oldest = now - this.kind.ageMs
    while ((this.#entries[this.#start]?.at ?? Infinity) < oldest) this.#dropOldest()
    this.#compact()
    this.#identities.forgetBefore(now - this.kind.dedupeMs)
  }

  /**
   * Loses the newest `count` events and goes on in another epoch: what a broker does that lacks the
   * tail.
   */
  lose(count: number, epoch: string): void {
    this.#epoch = epoch
    this.#head = Math.max(0, this.#head - count)
    for (let last = this.#entries.at(-1); last !== undefined; last = this.#entries.at(-1)) {
      if (last.offset <= this.#head) break
      this.#entries.pop()
      this.#identities.forgetLost(last.identity)
    }
    this.#start = Math.min(this.#start, this.#entries.length)
  }

  /** The entry is cut off later. Its message, which may be large, goes at once. */
  #dropOldest(): void {
    const entry = this.#entries[this.#start++]
    if (entry !== undefined) entry.message = NO_MESSAGE
  }

  #compact(): void {
    if (this.#start < COMPACT_AT || this.#start * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#start)
    this.#start = 0
  }
}
