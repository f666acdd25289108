/**
 * What one session costs the memory budget: the bytes that it holds, and for how long they have not moved.
 *
 * A session that moves what it holds, an upload in the middle of its message say, needs the memory for a moment. One whose
 * bytes stand still needs it for ever. Nothing is noted while messages pass: a session is looked at when everything is
 * measured, and what has moved is the difference to the look before.
 */

import type { SessionControl } from './session-registry.ts'

/** Bytes to be sent that have not moved for so long are a peer's that does not read. */
const OUTGOING_STILL_MS = 2_000

/** Bytes that have arrived may wait longer: it may be our own handler that is slow. */
const INCOMING_STILL_MS = 10_000

/** Standing still for longer counts no more: a little that has waited for an hour is still a little. */
const MOST_STILL_MS = 30_000

/** What is less than this is not worth closing a session for while there is room. */
const LITTLE_BYTES = 4096

/** What has moved counts as movement when it is at least this part of what is held. */
const MOVED_PART = 1 / 16

/** One direction of a session: how much it holds, and since when that stands still. */
class Direction {
  bytes = 0
  #counter: number
  #movedAt: number

  constructor(counter: number, now: number) {
    this.#counter = counter
    this.#movedAt = now
  }

  /** @param counter rises with each byte that moves. */
  look(bytes: number, counter: number, now: number): void {
    this.bytes = bytes
    const moved = counter - this.#counter
    if (moved === 0 || moved < bytes * MOVED_PART) return
    this.#counter = counter
    this.#movedAt = now
  }

  stillMs(now: number): number {
    return now - this.#movedAt
  }
}

/** A session with the looks that have been taken at it. */
export class Holder {
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

  /** Looks again. */
  look(now: number): void {
    const { incoming, outgoing, received, handed } = this.control.measure()
    this.bytes = incoming + outgoing + this.control.keptBytes
    this.#incoming.look(incoming, received, now)
    this.#outgoing.look(outgoing, handed, now)
  }

  /** What it has cost: bytes times the milliseconds that they have stood still. */
  cost(now: number): number {
    return costOf(this.#incoming, now) + costOf(this.#outgoing, now)
  }

  /** Whether it holds something that has stood still for long. */
  standsStill(now: number): boolean {
    return (
      isStill(this.#outgoing, now, OUTGOING_STILL_MS) ||
      isStill(this.#incoming, now, INCOMING_STILL_MS)
    )
  }
}

function costOf(direction: Direction, now: number): number {
  return direction.bytes * Math.min(direction.stillMs(now), MOST_STILL_MS)
}

function isStill(direction: Direction, now: number, forMs: number): boolean {
  return direction.bytes >= LITTLE_BYTES && direction.stillMs(now) >= forMs
}
