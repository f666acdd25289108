/**
 * How the reading of one session ends. Made when our Close frame is sent, when the last frame has
 * been decoded, or when the handler reads no more.
 */

import type { Environment } from '../../base/internal.ts'

const SETTLED: Promise<void> = Promise.resolve()

/** The read half, as its ending sees it. */
export interface EndingReading {
  readonly channel: {
    /** How many frames wait for the handler. */
    readonly size: number
    close(cause?: Error | null): unknown
    cancel(cause?: Error | null): void
  }
  /** `null`: reading has never been held back. */
  readonly heldBack: { close(): void; readOn(): void } | null
  ownPayloads(): void
}

/** The extensions of incoming messages, as the ending sees them. */
export interface EndingExtensions {
  isUnread: boolean
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
  readonly #extensions: EndingExtensions | null
  readonly #awaitedTurn: () => Promise<void> | null
  /** Handles the last frame, which is a Close frame or a violation; `null` once it was called. */
  #lastFrame: (() => void) | null = null
  /** Handles the peer's end; `null` once it was called. */
  #end: (() => void) | null = null
  /** How many frames waited for the handler one turn of the event loop ago. */
  #waiting = Infinity

  /**
   * @param extensions `null`: the handshake agreed on none.
   * @param awaitedTurn returns the turn of the event loop that the last `send` of the handler waits
   *   for; `null`: it does not wait for one.
   */
  constructor(
    read: EndingReading,
    extensions: EndingExtensions | null,
    awaitedTurn: () => Promise<void> | null,
  ) {
    this.#read = read
    this.#extensions = extensions
    this.#awaitedTurn = awaitedTurn
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
    if (this.#extensions !== null) this.#extensions.isUnread = true
    this.#read.channel.cancel(cause)
    this.#over()
  }

  /** Frames that still arrive are dropped. The channel stays open until the end is known. */
  dropRest(): void {
    this.isOver = true
  }

  /**
   * Calls `conclude` after the handler has had its turn with the frames before, which often arrive
   * in the same chunk. Answers that the handler sends to them go out first.
   *
   * @param isEnd whether it is the peer's end. That always comes last: a Close frame in front of it
   *   may still wait behind a full channel.
   */
  concludeWith(
    conclude: () => void,
    environment: Pick<Environment, 'defer'>,
    isEnd: boolean = false,
  ): void {
    const waits = this.#isConcluding
    if (isEnd) this.#end = conclude
    else this.#lastFrame ??= conclude
    if (waits) return
    this.#waiting = Infinity
    this.#afterHandler(environment)
  }

  /** Concludes now what has not been concluded yet. */
  conclude(): void {
    const lastFrame = this.#lastFrame
    const end = this.#end
    this.#lastFrame = null
    this.#end = null
    lastFrame?.()
    end?.()
  }

  get #isConcluding(): boolean {
    return this.#lastFrame !== null || this.#end !== null
  }

  #afterHandler(environment: Pick<Environment, 'defer'>): void {
    // A deferred task alone may run before the microtasks that the frames have started. A settled
    // promise, because `queueMicrotask` of Node costs several times as much.
    void SETTLED.then(() => environment.defer(() => this.#look(environment), undefined))
  }

  /**
   * On a busy machine, a `send` waits until the event loop has turned. A handler that waits for it
   * goes on afterwards, so the conclusion waits too, as long as the handler takes frames.
   */
  #look(environment: Pick<Environment, 'defer'>): void {
    const before = this.#waiting
    const turn = this.#isConcluding ? this.#awaitedTurn() : null
    const waiting = this.#read.channel.size
    if (turn === null || waiting === 0 || waiting >= before) this.conclude()
    else {
      this.#waiting = waiting
      void turn.then(() => this.#afterHandler(environment))
    }
  }

  #over(): void {
    this.isOver = true
    this.#read.heldBack?.readOn()
  }
}
