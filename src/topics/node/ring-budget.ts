/**
 * The memory that all rings and pages of a node may take together: messages, and the frames that
 * may be made of them. Past it, those that have grown longest ago shrink.
 *
 * Two things are not counted. Decoded values are held weakly: only their readers keep them. The
 * frames of an application's own `frame` function are as large as the application makes them.
 */

/** A ring, or the pages of a topic, as far as the budget knows them. */
export interface Shrinkable {
  /** What it takes in memory; 0 or above. */
  readonly bytes: number
  shrink(): void
}

/** 64 MiB by default. */
export const RING_BUDGET_BYTES: number = 64 * 1024 * 1024

/** Keeps the sum of all rings and pages below a limit. */
export class RingBudget {
  readonly #limit: number
  /** Rings and pages, in the order of their last growth. */
  readonly #rings = new Set<Shrinkable>()
  #bytes = 0

  constructor(limit: number = RING_BUDGET_BYTES) {
    this.#limit = limit
  }

  /** What all rings and pages take together. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param bytes by how much the size of `ring` has changed; may be negative. */
  changed(ring: Shrinkable, bytes: number): void {
    this.#bytes += bytes
    // A ring that shrinks keeps its place, or it would be taken for one that is used.
    if (ring.bytes === 0) this.#rings.delete(ring)
    else if (bytes > 0) {
      this.#rings.delete(ring)
      this.#rings.add(ring)
      this.#shrink(ring)
    }
  }

  #shrink(newest: Shrinkable): void {
    for (const ring of this.#rings) {
      if (this.#bytes <= this.#limit || ring === newest) return
      ring.shrink()
    }
  }
}
