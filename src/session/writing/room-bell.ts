/**
 * Callers that wait until the queue of a session has room again (`whenWritable`).
 */

import { Deferred, handled, untilAborted } from '../../base/internal.ts'

/** Resolves when there is room. All callers without a signal share one promise. */
export class RoomBell {
  #room: Deferred<void> | null = null

  /** Whether a caller waits. */
  get isAwaited(): boolean {
    return this.#room !== null
  }

  /**
   * Resolves at the next `ring`. Rejects at `end`, and when `signal` aborts. Need not be awaited.
   */
  wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#room === null) {
      this.#room = new Deferred()
      void handled(this.#room.promise)
    }
    const room = this.#room.promise
    return signal === undefined ? room : handled(untilAborted(signal, room))
  }

  /** There is room. */
  ring(): void {
    const room = this.#room
    this.#room = null
    room?.resolve()
  }

  /** There will be no more room. */
  end(error: Error): void {
    const room = this.#room
    this.#room = null
    room?.reject(error)
  }
}
