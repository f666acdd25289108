/**
 * The checks of reserved keys: every 30 s, and when the broker is back.
 *
 * A check frees the keys that could not be given back, and compares the record of every key that
 * this process holds with the broker. The broker may refuse a request and yet stay up, so each
 * check repeats what has failed.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import type { Broker, Head, LogTopic } from '../broker.ts'
import { BrokerUnavailableError, PublishUncertainError } from '../errors.ts'
import type { HeldKey } from './held-key.ts'
import { KEYS_KIND } from './key-record.ts'

/** What the checks need of their process. */
export interface KeyChecksParts {
  readonly broker: Broker
  readonly environment: Environment
  /** The keys that the process holds, by the names of their logs. */
  readonly held: ReadonlyMap<string, HeldKey>
  /**
   * Takes this process out of a record, unless it holds the key. Resolves with `false` if other
   * processes were faster each time. May reject.
   */
  readonly free: (log: LogTopic) => Promise<boolean>
  /** Compares a key with its record. `isOld`: the record has to be written again. May reject. */
  readonly verify: (key: HeldKey, isOld: boolean) => Promise<void>
  /** Is given an error that is not an outage of the broker. Must not throw. */
  readonly failed: (error: unknown) => void
}

const CHECK_EVERY_MS = 30_000
const RENEW_MS = KEYS_KIND.ageMs / 2
const HEADS_AT_ONCE = 256
const STRAYS_AT_ONCE = 64

/** The checks of one process. */
export class KeyChecks {
  readonly #parts: KeyChecksParts
  /** Logs that may name this process although it does not hold the key. */
  readonly #strays = new Map<string, LogTopic>()
  #checking: Promise<void> = Promise.resolve()
  #timer: WheelTimer | null = null
  #hasReported = false
  #isEnded = false

  constructor(parts: KeyChecksParts) {
    this.#parts = parts
  }

  /** Checks everything now. Checks follow one another. */
  now(): void {
    this.#checking = this.#checking.then(async () => {
      this.#hasReported = false
      await this.#freeStrays()
      await this.#attempt(() => this.#compareAll())
      this.later()
    })
  }

  /** Checks everything after some time, if there is something to check. */
  later(): void {
    if (this.#isEnded || this.#timer?.isPending === true) return
    if (this.#parts.held.size === 0 && this.#strays.size === 0) return
    this.#timer = this.#parts.environment.timers.schedule(CHECK_EVERY_MS, () => this.now())
  }

  /** The next check takes this process out of a record. */
  freeLater(log: LogTopic): void {
    this.#strays.set(log.name, log)
    this.later()
  }

  /**
   * Takes this process out of a record, if need be in the next checks. Never rejects. Does nothing
   * after `end`: other processes see that this one has gone.
   */
  async free(log: LogTopic): Promise<void> {
    if (this.#isEnded) return
    this.#strays.set(log.name, log)
    await this.#attempt(async () => {
      if (await this.#parts.free(log)) this.#strays.delete(log.name)
    })
    this.later()
  }

  /** Ends all checks. */
  end(): void {
    this.#isEnded = true
    this.#timer?.cancel()
    this.#strays.clear()
  }

  /** Never rejects. */
  async #freeStrays(): Promise<void> {
    const all = [...this.#strays.values()]
    for (let start = 0; start < all.length; start += STRAYS_AT_ONCE) {
      await Promise.all(all.slice(start, start + STRAYS_AT_ONCE).map((log) => this.free(log)))
    }
  }

  async #compareAll(): Promise<void> {
    const { broker, environment, held } = this.#parts
    const all = [...held.values()]
    for (let start = 0; start < all.length; start += HEADS_AT_ONCE) {
      const some = all.slice(start, start + HEADS_AT_ONCE)
      const heads = await broker.heads(some.map(({ log }) => log))
      const now = environment.clock.now()
      for (const [index, key] of some.entries()) {
        const isOld = now - key.writtenAt >= RENEW_MS
        if (!isOld && isSame(key.place, heads[index])) continue
        // A key whose record cannot be read or written does not stop the checks of the others.
        await this.#attempt(() => this.#parts.verify(key, isOld))
      }
    }
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
    if (isOutage(error) || this.#isEnded || this.#hasReported) return
    this.#hasReported = true
    this.#parts.failed(error)
  }
}

/** Whether `error` says that the broker has not answered. */
export function isOutage(error: unknown): boolean {
  return error instanceof BrokerUnavailableError || error instanceof PublishUncertainError
}

function isSame(place: Head, head: Head | undefined): boolean {
  return place.epoch === head?.epoch && place.offset === head.offset
}
