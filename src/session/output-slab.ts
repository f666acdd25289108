/**
 * The memory that frames are serialised into, shared by every session of the process.
 *
 * A session's frames of one turn go out in one write, and as a rule the operating system takes that write
 * whole: then the memory is free again at once and the next session uses the very same bytes, which are
 * still in the processor's cache. Nothing is allocated for a write. Only when a transport keeps the bytes
 * (`queued`) does the slab move on behind them, and a new one is made when it runs out.
 *
 * The slab has one owner at a time. A session that wants it while another one's bytes are still in it
 * makes that one keep a copy of its own (a broadcast within one turn, as a rule).
 */

import { allocate } from '../protocol/internal.ts'
import type { WriteOutcome } from './transport.ts'

/** Frames that may be larger than this get memory of their own. */
export const SLAB_BYTES: number = 128 * 1024

/** Whoever has bytes in the slab that are not written yet. */
export interface SlabOwner {
  /** Another session needs the slab: `bytes`, a copy for the owner to keep, are what it had in it. */
  evict(bytes: Uint8Array): void
}

/** The shared scratch memory; it holds nothing between two turns of the event loop. */
export class OutputSlab {
  bytes: Uint8Array = new Uint8Array(0)
  /** Where the next byte goes. */
  end = 0
  #start = 0
  #owner: SlabOwner | null = null

  /**
   * Makes room for `size` more bytes of `owner`, at `end`; `size` is at most `SLAB_BYTES`.
   *
   * @returns `false` when the owner's own bytes are in the way: it must write them out first.
   */
  reserve(owner: SlabOwner, size: number): boolean {
    if (this.#owner !== owner) {
      this.vacate()
      this.#owner = owner
    }
    if (this.bytes.length - this.end >= size) return true
    if (this.end > this.#start) return false
    this.bytes = allocate(SLAB_BYTES)
    this.#start = 0
    this.end = 0
    return true
  }

  /** How many bytes of `owner` are in the slab. */
  bytesOf(owner: SlabOwner): number {
    return this.#owner === owner ? this.end - this.#start : 0
  }

  /** The owner's bytes, as a view. */
  contents(): Uint8Array {
    return this.bytes.subarray(this.#start, this.end)
  }

  /** What became of `contents()`: given back, or kept by the transport. The slab has no owner afterwards. */
  release(outcome: WriteOutcome): void {
    if (outcome === 'taken') this.end = this.#start
    else this.#start = this.end
    this.#owner = null
  }

  /** Makes the owner, if there is one, keep its bytes itself. */
  vacate(): void {
    const owner = this.#owner
    this.#owner = null
    if (owner === null || this.end === this.#start) return
    const bytes = new Uint8Array(this.contents()) // a copy; `slice` of a Buffer is none
    this.end = this.#start
    owner.evict(bytes)
  }

  /** The bytes of `owner`, if there are any, are not wanted any more. */
  drop(owner: SlabOwner): void {
    if (this.#owner === owner) this.release('taken')
  }
}

/** One for the whole process: JavaScript runs one session at a time. */
export const outputSlab: OutputSlab = new OutputSlab()
