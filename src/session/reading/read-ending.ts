/**
 * How the reading of one session ends. Made when our Close frame is sent, when the last frame has
 * been decoded, or when the handler reads no more.
 */

import type { Environment } from '../../base/internal.ts'

/** The read half, as its ending sees it. */
export interface EndingReading {
  readonly channel: {
    close(cause?: Error | null): unknown
    cancel(cause?: Error | null): void
  }
  /** `null`: reading has never been held back. */
  readonly heldBack: { close(): void; readOn(): void } | null
  /** `null`: the handshake agreed on none. */
  readonly extensions: { isUnread: boolean } | null
  ownPayloads(): void
}

/** The end of the reading of one session. */
export class ReadEnding {
  /** Our Close frame has been sent. */
  isClosing = false
  /** Nothing more is put into the channel. */
  isOver = false
  /** Buffered frames are dropped, and so are frames that still arrive. */
  isDiscarding = false
  readonly #read: EndingReading
  /** Handles the last frame; `null` once it has been called. */
  #conclusion: (() => void) | null = null

  constructor(read: EndingReading) {
    this.#read = read
  }

  /** Our Close frame was sent: reading must reach the answer, even if the handler does not read. */
  close(): void {
    if (this.isOver) return
    this.isClosing = true
    this.#read.heldBack?.close()
  }

  /** No more frames arrive. Buffered frames can be received; then the channel ends with `cause`. */
  end(cause?: Error): void {
    // A reconnecting client may keep these frames long after their session.
    this.#read.ownPayloads()
    this.#read.channel.close(cause)
    this.#over()
  }

  /** The handler reads no more: buffered frames and frames that still arrive are dropped. */
  discard(cause?: Error): void {
    if (this.isDiscarding) return
    this.isDiscarding = true
    if (this.#read.extensions !== null) this.#read.extensions.isUnread = true
    this.#read.channel.cancel(cause)
    this.#over()
  }

  /** Frames that still arrive are dropped. The channel stays open until the end is known. */
  dropRest(): void {
    this.isOver = true
  }

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

  #over(): void {
    this.isOver = true
    this.#read.heldBack?.readOn()
  }
}

function concludeNow(ending: ReadEnding): void {
  ending.conclude()
}
