/**
 * Keys that only one holder may have, over all processes.
 *
 * A key is taken by replacing its record (`key-record.ts`) at the position that was read: of many
 * processes that try at once, exactly one succeeds. A record names the processes of its holder. It
 * counts until all of them have given the key back or are gone.
 */

import { callSafely, type Environment, type WheelTimer } from '../../base/internal.ts'
import type { Broker, Head, LogTopic } from '../broker.ts'
import {
  BrokerUnavailableError,
  ExpectationFailedError,
  PresenceKeyTakenError,
  PublishUncertainError,
} from '../errors.ts'
import {
  decodeKeyRecord,
  encodeKeyRecord,
  hashHolder,
  KEYS_KIND,
  keyLogOf,
  type KeyRecord,
} from './key-record.ts'

/** What claims need of their process. */
export interface KeyClaimsParts {
  readonly broker: Broker
  readonly environment: Environment
  readonly nodeId: string
  /** Whether a process has been silent for its whole lease. */
  readonly isGone: (node: string) => boolean
  /** Is given an error that is not an outage of the broker. Must not throw. */
  readonly failed: (error: unknown) => void
}

/** One seat's part in a key. */
export class KeyClaim {
  /** Gives the part back. Idempotent. */
  readonly release: () => void
  #isLost = false
  #lost: () => void = () => {}

  constructor(release: (claim: KeyClaim) => void) {
    this.release = () => release(this)
  }

  /** Calls `lost` when another holder has the key, at once if that has happened. */
  onLost(lost: () => void): void {
    if (this.#isLost) lost()
    else this.#lost = lost
  }

  lose(): void {
    this.#isLost = true
    this.#lost()
  }
}

/** A key that this process holds. */
interface Held {
  readonly log: LogTopic
  readonly holder: string
  readonly claims: Set<KeyClaim>
  /** The position of the record, as this process knows it. */
  place: Head
  /** When this process wrote the record last. */
  writtenAt: number
}

/** A process that loses this many races in a row does not get the key. */
const MAX_ATTEMPTS = 10
const CHECK_EVERY_MS = 30_000
const RENEW_MS = KEYS_KIND.ageMs / 2
const HEADS_AT_ONCE = 256
const STRAYS_AT_ONCE = 64

/** The keys that one process holds. */
export class KeyClaims {
  readonly #parts: KeyClaimsParts
  readonly #held = new Map<string, Held>()
  /** Logs that may name this process although it does not hold the key. Checks mend them. */
  readonly #strays = new Map<string, LogTopic>()
  /** Logs where an append may still arrive. Only a later one keeps it out. */
  readonly #uncertain = new Set<string>()
  /** The last task of each log: tasks of one log follow one another. */
  readonly #turns = new Map<string, Promise<void>>()
  #prepared: Promise<void> | null = null
  #checking: Promise<void> = Promise.resolve()
  #timer: WheelTimer | null = null
  #ids = 0
  #hasReported = false
  #isEnded = false

  constructor(parts: KeyClaimsParts) {
    this.#parts = parts
  }

  /**
   * Reserves a key. A holder may claim a key several times, in any process.
   *
   * @throws (by rejecting) {PresenceKeyTakenError} when another holder has the key;
   *   {BrokerUnavailableError} when the broker cannot say.
   */
  async claim(topic: string, key: string, holder: string): Promise<KeyClaim> {
    const log = keyLogOf(topic, key)
    const hashed = hashHolder(holder)
    try {
      return await this.#inTurn(log, async () => {
        const held = this.#held.get(log.name) ?? (await this.#hold(log, hashed))
        if (held === null || held.holder !== hashed) throw new PresenceKeyTakenError(topic, key)
        const claim = new KeyClaim((each) => this.#release(held, each))
        held.claims.add(claim)
        return claim
      })
    } catch (error) {
      throw isAway(error)
        ? new BrokerUnavailableError(`reserve a key of "${topic}"`, topic, { cause: error })
        : error
    }
  }

  /** The broker can be used again: what failed is repeated, and every key is checked. */
  up(): void {
    this.#check()
  }

  /** Nothing is checked any more. Other processes see that this one has gone. */
  end(): void {
    this.#isEnded = true
    this.#timer?.cancel()
    this.#held.clear()
    this.#strays.clear()
    this.#uncertain.clear()
  }

  async #hold(log: LogTopic, holder: string): Promise<Held | null> {
    const place = await this.#take(log, holder, true)
    if (place === null) return null
    const writtenAt = this.#parts.environment.clock.now()
    const held: Held = { log, holder, claims: new Set(), place, writtenAt }
    this.#strays.delete(log.name)
    if (!this.#isEnded) this.#held.set(log.name, held)
    this.#checkLater()
    return held
  }

  #release(held: Held, claim: KeyClaim): void {
    const { log, claims } = held
    if (!claims.delete(claim) || claims.size > 0) return
    void this.#inTurn(log, async () => {
      if (claims.size > 0 || this.#held.get(log.name) !== held) return
      this.#held.delete(log.name)
      await this.#giveBack(log)
    })
  }

  /**
   * Writes this process into the record, if the key is free or the holder's own.
   *
   * @param mustWrite write also if the record is right already.
   * @returns the position of the record; `null` when another holder has the key.
   */
  async #take(log: LogTopic, holder: string, mustWrite: boolean): Promise<Head | null> {
    const { nodeId } = this.#parts
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { head, record } = await this.#read(log)
      const others = this.#othersOf(record)
      const isOurs = record?.holder === holder
      if (others.length > 0 && !isOurs) return null
      if (isOurs && !mustWrite && record.nodes.includes(nodeId)) return head
      const written = await this.#write(log, { holder, nodes: [...others, nodeId] }, head)
      if (written !== null) return written
    }
    return null
  }

  /** Takes this process out of the record. Never rejects: checks repeat what fails. */
  async #giveBack(log: LogTopic): Promise<void> {
    this.#strays.set(log.name, log)
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const { head, record } = await this.#read(log)
        const isNamed = record?.nodes.includes(this.#parts.nodeId) === true
        const mustWrite = isNamed || this.#uncertain.has(log.name)
        const { holder } = record ?? { holder: '' }
        const nodes = this.#othersOf(record)
        if (mustWrite && (await this.#write(log, { holder, nodes }, head)) === null) continue
        this.#strays.delete(log.name)
        return
      }
    } catch (error) {
      this.#report(error)
    }
    // The broker may refuse a write, and yet stay up.
    this.#checkLater()
  }

  /** The other processes of a record that are not gone. */
  #othersOf(record: KeyRecord | null): string[] {
    const { isGone, nodeId } = this.#parts
    return (record?.nodes ?? []).filter((node) => node !== nodeId && !isGone(node))
  }

  async #read(log: LogTopic): Promise<{ head: Head; record: KeyRecord | null }> {
    const { broker } = this.#parts
    this.#prepared ??= broker.prepare(KEYS_KIND).catch((error: unknown) => {
      this.#prepared = null
      throw error
    })
    await this.#prepared
    const page = await broker.read(log, 0, { events: KEYS_KIND.size + 1, bytes: Infinity })
    const newest = page.events.at(-1)
    const record = newest?.offset === page.head ? decodeKeyRecord(newest.message) : null
    return { head: { epoch: page.epoch, offset: page.head }, record }
  }

  /** @returns the new position; `null` when another process has written meanwhile. */
  async #write(log: LogTopic, record: KeyRecord, expect: Head): Promise<Head | null> {
    const { broker, nodeId } = this.#parts
    const identity = { id: `${nodeId}-${++this.#ids}` }
    try {
      const { epoch, offset } = await broker.append(log, encodeKeyRecord(record), identity, expect)
      this.#uncertain.delete(log.name)
      return { epoch, offset: offset ?? 0 }
    } catch (error) {
      if (error instanceof ExpectationFailedError) return null
      // The record may be stored.
      if (error instanceof PublishUncertainError) {
        this.#strays.set(log.name, log)
        this.#uncertain.add(log.name)
        this.#checkLater()
      }
      throw error
    }
  }

  #inTurn<T>(log: LogTopic, task: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(log.name)
    const result = before === undefined ? task() : before.then(task)
    const forget = (): void => {
      if (this.#turns.get(log.name) === turn) this.#turns.delete(log.name)
    }
    const turn = result.then(forget, forget)
    this.#turns.set(log.name, turn)
    return result
  }

  #checkLater(): void {
    if (this.#isEnded || this.#timer?.isPending === true) return
    if (this.#held.size === 0 && this.#strays.size === 0) return
    this.#timer = this.#parts.environment.timers.schedule(CHECK_EVERY_MS, () => this.#check())
  }

  /** Gives back what could not be given back, and compares every key with the broker. */
  #check(): void {
    this.#checking = this.#checking.then(async () => {
      this.#hasReported = false
      await this.#giveBackStrays()
      await this.#attempt(() => this.#checkAll())
      this.#checkLater()
    })
  }

  /** Calls `task`. Never rejects: the next check repeats what fails. */
  async #attempt(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.#report(error)
    }
  }

  /**
   * Reports the first error since the last check began. An outage of the broker is not reported:
   * `TopicsOfProcess` does that.
   */
  #report(error: unknown): void {
    if (isAway(error) || this.#isEnded || this.#hasReported) return
    this.#hasReported = true
    this.#parts.failed(error)
  }

  /** Never rejects. */
  async #giveBackStrays(): Promise<void> {
    const all = [...this.#strays.values()]
    for (let start = 0; start < all.length; start += STRAYS_AT_ONCE) {
      const some = all.slice(start, start + STRAYS_AT_ONCE)
      await Promise.all(some.map((log) => this.#inTurn(log, () => this.#giveBackStray(log))))
    }
  }

  async #giveBackStray(log: LogTopic): Promise<void> {
    if (!this.#strays.has(log.name)) return
    // A key that is held again names this process by right.
    if (this.#held.has(log.name)) this.#strays.delete(log.name)
    else await this.#giveBack(log)
  }

  async #checkAll(): Promise<void> {
    const { broker, environment } = this.#parts
    const all = [...this.#held.values()]
    for (let start = 0; start < all.length; start += HEADS_AT_ONCE) {
      const some = all.slice(start, start + HEADS_AT_ONCE)
      const heads = await broker.heads(some.map(({ log }) => log))
      const now = environment.clock.now()
      for (const [index, held] of some.entries()) {
        const isOld = now - held.writtenAt >= RENEW_MS
        if (!isOld && isSame(held.place, heads[index])) continue
        // A key whose record cannot be read or written does not stop the checks of the others.
        await this.#attempt(() => this.#inTurn(held.log, () => this.#verify(held, isOld)))
      }
    }
  }

  async #verify(held: Held, isOld: boolean): Promise<void> {
    const { name } = held.log
    if (this.#held.get(name) !== held) return
    const place = await this.#take(held.log, held.holder, isOld)
    if (place !== null) {
      held.place = place
      if (isOld) held.writtenAt = this.#parts.environment.clock.now()
      return
    }
    this.#held.delete(name)
    // A record that was replaced in too many races may name this process still.
    this.#strays.set(name, held.log)
    const { failed } = this.#parts
    for (const claim of held.claims) callSafely(() => claim.lose(), undefined, failed)
  }
}

function isSame(place: Head, head: Head | undefined): boolean {
  return place.epoch === head?.epoch && place.offset === head.offset
}

/** Whether the broker has not answered. */
function isAway(error: unknown): boolean {
  return error instanceof BrokerUnavailableError || error instanceof PublishUncertainError
}
