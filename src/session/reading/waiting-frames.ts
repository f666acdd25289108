/**
 * Copies payloads that have to wait out of the memory that they share with other payloads.
 *
 * A small payload shares a block of memory with many others. A payload that waits would keep the
 * whole block alive: 1 byte could cost 32 KiB that no budget counts. Most frames are received in
 * the turn in which they arrive, so payloads are copied only if they still wait at the end of the
 * turn.
 */

import type { Environment } from '../../base/internal.ts'

/** A queue of frames. */
export interface FrameQueue {
  /**
   * Copies payloads that arrived since the last call and still wait, to memory of their own.
   */
  ownPayloads(): void
}

/** The queues of one environment that need their own payloads at the end of the turn. */
export class WaitingFrames {
  readonly #environment: Environment
  #queues: FrameQueue[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** A frame was put into `queue`. Called once for each queue and turn. */
  add(queue: FrameQueue): void {
    if (this.#queues.push(queue) === 1) this.#schedule()
  }

  /** The turn is over. */
  ownPayloads(): void {
    const queues = this.#queues
    this.#queues = []
    let handled = 0
    try {
      for (const queue of queues) {
        handled++
        queue.ownPayloads()
      }
    } finally {
      // If one queue throws, which is a bug, the others must still have their turn.
      if (handled < queues.length) {
        const isScheduled = this.#queues.length > 0
        this.#queues = [...queues.slice(handled), ...this.#queues]
        if (!isScheduled) this.#schedule()
      }
    }
  }

  #schedule(): void {
    this.#environment.deferPastIo(ownPayloads, this)
  }
}

/** Returns the waiting frames of an environment, shared by all of its sessions. */
export function waitingFramesOf(environment: Environment): WaitingFrames {
  let waiting = ALL.get(environment)
  if (waiting === undefined) {
    waiting = new WaitingFrames(environment)
    ALL.set(environment, waiting)
  }
  return waiting
}

const ALL = new WeakMap<Environment, WaitingFrames>()

function ownPayloads(waiting: WaitingFrames): void {
  waiting.ownPayloads()
}
