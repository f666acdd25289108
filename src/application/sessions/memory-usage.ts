/**
 * Measures what one session costs the memory budget: the bytes that it holds, and how long they
 * have not moved.
 *
 * A session that moves its bytes, such as an upload in the middle of a message, needs the memory
 * briefly. A session whose bytes stand still may need it for ever. Nothing is recorded while
 * messages pass: each measurement compares the counters with the previous measurement.
 */

import type { SessionControl } from './session-registry.ts'

/** Outgoing bytes that do not move for this long belong to a peer that does not read. */
const OUTGOING_STALLED_MS = 2_000

/** Incoming bytes may wait longer: our own handler may be slow. */
const INCOMING_STALLED_MS = 10_000

/** The cost stops growing after this time: a few bytes that waited for an hour are still few. */
const MOST_STALLED_MS = 30_000

/** Holdings below this size are not worth closing a session for while there is room. */
const LITTLE_BYTES = 4096

/** Bytes count as moving if at least this fraction of the holdings has moved. */
const MOVED_PART = 1 / 16

/** One direction of a session: the bytes held, and when they last moved. */
class Direction {
  bytes = 0
  #counter: number
  #movedAt: number

  constructor(counter: number, now: number) {
    this.#counter = counter
    this.#movedAt = now
  }

  /** @param counter the total of bytes that have moved in this direction. */
  measure(bytes: number, counter: number, now: number): void {
    this.bytes = bytes
    const moved = counter - this.#counter
    if (moved === 0 || moved < bytes * MOVED_PART) return
    this.#counter = counter
    this.#movedAt = now
  }

  stalledMs(now: number): number {
    return now - this.#movedAt
  }
}

/** A session and its previous measurement. */
export class MemoryUsage {
  readonly control: SessionControl
  readonly #incoming: Direction
  readonly #outgoing: Direction
  bytes = 0

  constructor(control: SessionControl, now: number) {
    const { received, handed } = control.measure()
    this.control = control
    this.#incoming = new Direction(received, now)
    this.#outgoing = new Direction(handed, now)
  }

  /** Measures the session again. */
  measure(now: number): void {
    const { incoming, outgoing, received, handed } = this.control.measure()
    this.bytes = incoming + outgoing + this.control.keptBytes
    this.#incoming.measure(incoming, received, now)
    this.#outgoing.measure(outgoing, handed, now)
  }

  /** The cost: bytes multiplied by the milliseconds since they moved. */
  cost(now: number): number {
    return costOf(this.#incoming, now) + costOf(this.#outgoing, now)
  }

  /** Whether the session holds bytes that have not moved for a long time. */
  isStalled(now: number): boolean {
    return (
      isStalled(this.#outgoing, now, OUTGOING_STALLED_MS) ||
      isStalled(this.#incoming, now, INCOMING_STALLED_MS)
    )
  }
}

function costOf(direction: Direction, now: number): number {
  return direction.bytes * Math.min(direction.stalledMs(now), MOST_STALLED_MS)
}

function isStalled(direction: Direction, now: number, forMs: number): boolean {
  return direction.bytes >= LITTLE_BYTES && direction.stalledMs(now) >= forMs
}
