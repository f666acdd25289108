/**
 * A reserved key that this process holds, and the claims of its seats.
 */

import type { Head, LogTopic } from '../broker.ts'

/** A key that this process holds. */
export interface HeldKey {
  readonly log: LogTopic
  /** A hash: see `KeyRecord`. */
  readonly holder: string
  /** One for each seat. The key is given back with the last one. */
  readonly claims: Set<KeyClaim>
  /** The position of the record, as this process knows it. */
  place: Head
  /** When this process wrote the record last. */
  writtenAt: number
}

/** The claim of one seat to a key. */
export class KeyClaim {
  /** Gives the claim back. Idempotent. */
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

  /** Another holder has the key. */
  lose(): void {
    this.#isLost = true
    this.#lost()
  }
}
