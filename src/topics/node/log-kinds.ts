/**
 * The kinds of topics as the broker knows them.
 */

import type { Broker, LogKind } from '../broker.ts'
import type { AnyTopicKind } from '../kind/define-topic.ts'

/** The kinds of one node, prepared at the broker when they are first used. */
export class LogKinds {
  readonly #broker: Broker
  readonly #dedupeMs: number
  readonly #kinds = new Map<AnyTopicKind, LogKind>()
  /** `null` once the broker knows the kind. */
  readonly #prepared = new Map<LogKind, Promise<void> | null>()

  constructor(broker: Broker, dedupeMs: number) {
    this.#broker = broker
    this.#dedupeMs = dedupeMs
  }

  /** The same object at each call. */
  of(kind: AnyTopicKind): LogKind {
    let log = this.#kinds.get(kind)
    if (log === undefined) {
      const { size, ageMs } = kind.history ?? { size: 1, ageMs: 1 }
      const dedupeMs = Math.min(this.#dedupeMs, ageMs)
      log = Object.freeze({ id: kind.pattern, size, ageMs, dedupeMs })
      this.#kinds.set(kind, log)
    }
    return log
  }

  /**
   * Lets the broker prepare a kind.
   *
   * @returns `null` if it has.
   * @throws (by rejecting) the error of `Broker.prepare`. The next call tries again.
   */
  prepare(kind: LogKind): Promise<void> | null {
    const existing = this.#prepared.get(kind)
    if (existing !== undefined) return existing
    const preparing = this.#broker.prepare(kind).then(
      () => void this.#prepared.set(kind, null),
      (error: unknown) => {
        this.#prepared.delete(kind)
        throw error
      },
    )
    this.#prepared.set(kind, preparing)
    return preparing
  }
}
