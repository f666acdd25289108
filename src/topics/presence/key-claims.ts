/**
 * Keys that only one holder may have, over all processes.
 *
 * A process takes a key by writing itself into the record of the key (`key-records.ts`). The record
 * names the processes of its holder. The key is taken until all of them have given it back or are
 * gone. `key-checks.ts` repeats what fails, and finds keys that were lost.
 */

import {
  callSafely,
  Deferred,
  type Environment,
  randomFraction,
  quoteName,
} from '../../base/internal.ts'
import type { Broker, Head, LogTopic } from '../broker.ts'
import { BrokerUnavailableError, PresenceKeyTakenError } from '../errors.ts'
import { type HeldKey, KeyClaim } from './held-key.ts'
import { isOutage, KeyChecks } from './key-checks.ts'
import { hashHolder, keyLogOf, type KeyRecord } from './key-record.ts'
import { KeyRecords } from './key-records.ts'
import { Turns } from './turns.ts'

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

/** A process that loses this many races in a row gives up for now. */
const MAX_ATTEMPTS = 20
/** So many races are lost without a pause. */
const QUICK_ATTEMPTS = 3
/** Pauses between later attempts: drawn below a limit that doubles with each attempt. */
const MIN_PAUSE_MS = 10
const MAX_PAUSE_MS = 500

/** The keys that one process holds. */
export class KeyClaims {
  readonly #parts: KeyClaimsParts
  readonly #records: KeyRecords
  readonly #checks: KeyChecks
  readonly #held = new Map<string, HeldKey>()
  /** Claims, checks and returns of one key follow one another. */
  readonly #turns = new Turns()
  #isEnded = false

  constructor(parts: KeyClaimsParts) {
    const { broker, environment, failed, nodeId } = parts
    this.#parts = parts
    this.#records = new KeyRecords(broker, nodeId)
    this.#checks = new KeyChecks({
      broker,
      environment,
      failed,
      held: this.#held,
      free: (log) => this.#turns.take(log.name, () => this.#free(log)),
      verify: (key, isOld) => this.#turns.take(key.log.name, () => this.#verify(key, isOld)),
    })
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
      return await this.#turns.take(log.name, async () => {
        const held = this.#held.get(log.name) ?? (await this.#hold(log, hashed))
        if (held === null || held.holder !== hashed) throw new PresenceKeyTakenError(topic, key)
        const claim = new KeyClaim((each) => this.#release(held, each))
        held.claims.add(claim)
        return claim
      })
    } catch (error) {
      throw isOutage(error)
        ? new BrokerUnavailableError(`reserve a key of ${quoteName(topic)}`, topic, {
            cause: error,
          })
        : error
    }
  }

  /** The broker can be used again: what failed is repeated, and every key is checked. */
  up(): void {
    this.#checks.now()
  }

  /** Nothing is checked or given back any more. Other processes see that this one has gone. */
  end(): void {
    this.#isEnded = true
    this.#checks.end()
    this.#held.clear()
  }

  async #hold(log: LogTopic, holder: string): Promise<HeldKey | null> {
    const place = await this.#take(log, holder, true)
    if (place === null) return null
    const writtenAt = this.#parts.environment.clock.now()
    const held: HeldKey = { log, holder, claims: new Set(), place, writtenAt }
    if (!this.#isEnded) this.#held.set(log.name, held)
    this.#checks.later()
    return held
  }

  #release({ log, claims }: HeldKey, claim: KeyClaim): void {
    if (claims.delete(claim) && claims.size === 0) void this.#checks.free(log)
  }

  /**
   * Writes this process into the record, if the key is free or the holder's own.
   *
   * @param mustWrite write also if the record is right already.
   * @returns the position of the record; `null` when another holder has the key.
   * @throws (by rejecting) {BrokerUnavailableError} when other processes were faster each time: the
   *   key may be free, or the holder's own.
   */
  async #take(log: LogTopic, holder: string, mustWrite: boolean): Promise<Head | null> {
    const { nodeId } = this.#parts
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (attempt >= QUICK_ATTEMPTS) await this.#pause(attempt - QUICK_ATTEMPTS)
      const { head, record } = await this.#records.read(log)
      const others = this.#othersOf(record)
      const isOurs = record?.holder === holder
      if (others.length > 0 && !isOurs) return null
      if (isOurs && !mustWrite && record.nodes.includes(nodeId)) return head
      const written = await this.#write(log, { holder, nodes: [...others, nodeId] }, head)
      if (written !== null) return written
    }
    throw new BrokerUnavailableError('reserve a key that many processes reserve', null)
  }

  /** Lets processes that want the same key go one after another. */
  async #pause(attempt: number): Promise<void> {
    const { environment } = this.#parts
    const mostMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** attempt)
    const over = new Deferred<void>()
    const ms = mostMs * randomFraction(environment.random)
    environment.timers.schedule(ms, () => void over.resolve())
    await over.promise
  }

  async #write(log: LogTopic, record: KeyRecord, head: Head): Promise<Head | null> {
    try {
      return await this.#records.write(log, record, head)
    } catch (error) {
      // The record may be stored, or may arrive later.
      if (this.#records.isUncertain(log)) this.#checks.freeLater(log)
      throw error
    }
  }

  /**
   * Takes this process out of the record, unless a seat has the key.
   *
   * @returns `false` if other processes were faster each time.
   */
  async #free(log: LogTopic): Promise<boolean> {
    const held = this.#held.get(log.name)
    if (held !== undefined && held.claims.size > 0) return true
    this.#held.delete(log.name)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { head, record } = await this.#records.read(log)
      const isNamed = record?.nodes.includes(this.#parts.nodeId) === true
      if (!isNamed && !this.#records.isUncertain(log)) return true
      const nodes = this.#othersOf(record)
      const { holder } = record ?? { holder: '' }
      if ((await this.#records.write(log, { holder, nodes }, head)) !== null) return true
    }
    return false
  }

  /** The other processes of a record that are not gone. */
  #othersOf(record: KeyRecord | null): string[] {
    const { isGone, nodeId } = this.#parts
    return (record?.nodes ?? []).filter((node) => node !== nodeId && !isGone(node))
  }

  /** Compares a key with its record. All claims lose the key if another holder has it. */
  async #verify(held: HeldKey, isOld: boolean): Promise<void> {
    const { log } = held
    if (this.#held.get(log.name) !== held) return
    const place = await this.#take(log, held.holder, isOld)
    if (place !== null) {
      held.place = place
      if (isOld) held.writtenAt = this.#parts.environment.clock.now()
      return
    }
    this.#held.delete(log.name)
    // The record may name this process still: the holder may have lost it to an older process.
    this.#checks.freeLater(log)
    const { failed } = this.#parts
    for (const claim of held.claims) callSafely(() => claim.lose(), undefined, failed)
  }
}
