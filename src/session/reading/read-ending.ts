/**
 * How the reading of one session ends. Made when our Close frame is sent, when the last frame has
 * been decoded, or when the handler reads no more.
 */

import type { Environment } from '../../base/internal.ts'

/** The end of the reading of one session. */
export class ReadEnding {
  /** Our Close frame has been sent. */
  isClosing = false
  /** Nothing more is put into the channel. */
  isOver = false
  /** Buffered frames are dropped, and so are frames that still arrive. */
  isDiscarding = false
  /** Handles the last frame; `null` once it has been called. */
  #conclusion: (() => void) | null = null

  /**
   * Calls `conclude` after the handler has had its turn with the frames before, which often arrive
   * in the same chunk. Answers that the handler sends without waiting go out first.
   */
  concludeWith(conclude: () => void, { defer }: Pick<Environment, 'defer'>): void {
    this.#conclusion = conclude
    // A deferred task alone may run before the microtasks that the frames have started.
    queueMicrotask(() => defer(concludeNow, this))
  }

  /** Calls `conclude` now, if it has not been called yet. */
  conclude(): void {
    const conclude = this.#conclusion
    this.#conclusion = null
    conclude?.()
  }
}

function concludeNow(ending: ReadEnding): void {
  ending.conclude()
}
