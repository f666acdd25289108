/**
 * The identities of recent appends to one topic: what makes a repeated append a duplicate.
 */

import type { AppendIdentity } from '../broker.ts'

/**
 * What is known about a repeated append. `offset` is `null` for one that is only known to be old.
 */
export interface KnownAppend {
  readonly offset: number | null
}

interface Remembered {
  readonly sequence: number
  readonly offset: number
  readonly at: number
}

/** Remembers identities for a time. Both maps are in the order of the newest use. */
export class RecentIdentities {
  readonly #ids = new Map<string, Remembered>()
  readonly #lanes = new Map<string, Remembered>()

  /** How many identities are remembered. */
  get size(): number {
    return this.#ids.size + this.#lanes.size
  }

  /**
   * @returns `null` when nothing with this identity, or with a later sequence of its lane, is
   * remembered.
   */
  find(identity: AppendIdentity): KnownAppend | null {
    if ('id' in identity) return this.#ids.get(identity.id) ?? null
    const newest = this.#lanes.get(identity.lane)
    if (newest === undefined || newest.sequence < identity.sequence) return null
    const isNewest = newest.sequence === identity.sequence && newest.offset > 0
    return { offset: isNewest ? newest.offset : null }
  }

  remember(identity: AppendIdentity, offset: number, at: number): void {
    const [map, key, sequence] =
      'id' in identity
        ? [this.#ids, identity.id, 0]
        : [this.#lanes, identity.lane, identity.sequence]
    map.delete(key)
    map.set(key, { sequence, offset, at })
  }

  /** Forgets what was last used before `time`. */
  forgetBefore(time: number): void {
    for (const map of [this.#ids, this.#lanes]) {
      for (const [key, { at }] of map) {
        if (at >= time) break
        map.delete(key)
      }
    }
  }

  /** Forgets an append that is lost. Of a lane, the newest is lost first. */
  forgetLost(identity: AppendIdentity): void {
    if ('id' in identity) {
      this.#ids.delete(identity.id)
      return
    }
    const newest = this.#lanes.get(identity.lane)
    if (newest === undefined) return
    // What came before it in its lane is stored, or was never appended.
    this.#lanes.set(identity.lane, { ...newest, sequence: identity.sequence - 1, offset: 0 })
  }
}
