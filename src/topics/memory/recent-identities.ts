/**
 * The identities of recent appends to one topic: what makes a repeated append a duplicate.
 */

import type { AppendIdentity } from '../broker.ts'
import { type Gaps, hasGap, NO_GAPS, withGap } from './lane-gaps.ts'

/** What is known about a repeated append. */
export interface KnownAppend {
  /** `null` for one that is only known to be old. */
  readonly offset: number | null
  /** See `Appended`. */
  readonly duplicate: true | 'unknown'
}

interface Remembered {
  readonly sequence: number
  readonly offset: number
  readonly at: number
  /** Sequences of the lane that may not have been stored. */
  readonly gaps: Gaps
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
    if ('id' in identity) {
      const known = this.#ids.get(identity.id)
      return known === undefined ? null : { offset: known.offset, duplicate: true }
    }
    const newest = this.#lanes.get(identity.lane)
    const { sequence } = identity
    if (newest === undefined || newest.sequence < sequence) return null
    if (hasGap(newest.gaps, sequence)) return { offset: null, duplicate: 'unknown' }
    const isNewest = newest.sequence === sequence && newest.offset > 0
    return { offset: isNewest ? newest.offset : null, duplicate: true }
  }

  remember(identity: AppendIdentity, offset: number, at: number): void {
    if ('id' in identity) {
      this.#ids.delete(identity.id)
      this.#ids.set(identity.id, { sequence: 0, offset, at, gaps: NO_GAPS })
      return
    }
    const { lane, sequence } = identity
    const { sequence: last, gaps } = this.#lanes.get(lane) ?? { sequence: 0, gaps: NO_GAPS }
    this.#lanes.delete(lane)
    this.#lanes.set(lane, { sequence, offset, at, gaps: withGap(gaps, last, sequence) })
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
    // What came before it in its lane is stored, or is in a gap.
    this.#lanes.set(identity.lane, { ...newest, sequence: identity.sequence - 1, offset: 0 })
  }
}
