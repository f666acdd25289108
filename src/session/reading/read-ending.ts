/**
 * The end of what one session reads. Made when our Close frame is sent, when the last frame has been
 * decoded, or when the handler reads no more; whichever comes first.
 */

import type { Environment } from '../../base/internal.ts'

/** How far the reading of one session has ended. */
export class ReadEnding {
  /** Our Close frame has been sent. */
  isClosing = false
  /** Nothing more is put into the channel. */
  isOver = false
  /** What is buffered, and everything that still comes, is dropped. */
  isDiscarding = false
  /** What the last frame means; `null` once that has been done. */
  #conclusion: (() => void) | null = null

  /**
   * Calls `conclude` after the handler's turn with the frames before, which often arrive in the
   * same chunk. What the handler sends in answer to them without waiting goes out first.
   */
  concludeWith(conclude: () => void, { defer }: Pick<Environment, 'defer'>): void {
    this.#conclusion = conclude
    // A deferred task alone may run before the microtasks that the frames have started.
    queueMicrotask(() => defer(concludeNow, this))
  }

  /** Calls it now, unless it has been called. */
  conclude(): void {
    const conclude = this.#conclusion
    this.#conclusion = null
    conclude?.()
  }
}

function concludeNow(ending: ReadEnding): void {
  ending.conclude()
}
