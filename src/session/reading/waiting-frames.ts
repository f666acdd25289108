/**
 * Moves payloads that have to wait out of the memory that they share with other payloads.
 *
 * A small payload lies in a piece of memory with many others. A payload that waits would keep the
 * whole piece alive: 1 byte would cost up to 32 KiB that no budget sees. Most frames are received
 * within the turn in which they arrive, so payloads that still wait are moved at the end of a turn.
 */

import type { Environment } from '../../base/internal.ts'

/** A queue of frames. */
export interface FrameQueue {
  /**
   * Moves the payloads that came in since the last call, and still wait, to memory of their own.
   */
  ownPayloads(): void
}

/** The queues of one environment that have to be looked at when the turn ends. */
export class WaitingFrames {
  readonly #environment: Environment
  #queues: FrameQueue[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** A frame has been put into `queue`; called once for each queue and turn. */
  add(queue: FrameQueue): void {
    if (this.#queues.push(queue) > 1) return
    this.#environment.deferPastIo(ownPayloads, this)
  }

  /** The turn is over. */
  ownPayloads(): void {
    const queues = this.#queues
    this.#queues = []
    for (const queue of queues) queue.ownPayloads()
  }
}

/** The waiting frames of an environment: one object for all of its sessions. */
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
