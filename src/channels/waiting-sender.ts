/** A sender that waits for room in a channel. */

import { addAbortListener, handled, removeAbortListener } from '../base/internal.ts'
import type { Waiting } from './wait-queue.ts'

/** The queue in which a sender waits; it is notified when the sender aborts its wait. */
export interface SenderQueue<T> {
  senderLeft(sender: WaitingSender<T>): void
}

/** Waits with one value on behalf of a promise. */
export class WaitingSender<T> implements Waiting<WaitingSender<T>> {
  readonly value: T
  /** The size of the value as measured by the channel, in bytes. */
  readonly bytes: number
  readonly promise: Promise<void>
  before: WaitingSender<T> | null = null
  after: WaitingSender<T> | null = null
  readonly #queue: SenderQueue<T>
  readonly #signal: AbortSignal | undefined
  readonly #onAborted: () => void = ignore
  // Both are set before the constructor returns, because the promise calls its function at once.
  #resolve: () => void = ignore
  #reject: (reason: unknown) => void = ignore

  constructor(value: T, bytes: number, signal: AbortSignal | undefined, queue: SenderQueue<T>) {
    this.value = value
    this.bytes = bytes
    this.#queue = queue
    this.#signal = signal
    this.promise = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (signal !== undefined) {
      this.#onAborted = () => this.#aborted()
      addAbortListener(signal, this.#onAborted)
    }
  }

  /** Resolves: the value has been sent. */
  accept(): void {
    this.#stopListening()
    this.#resolve()
  }

  /** Rejects: the value is invalid and will not be sent. */
  refuse(error: unknown): void {
    this.#stopListening()
    this.#reject(error)
  }

  /** Rejects: the channel has ended, or the wait was aborted. */
  end(error: unknown): void {
    void handled(this.promise)
    this.refuse(error)
  }

  #stopListening(): void {
    if (this.#signal !== undefined) removeAbortListener(this.#signal, this.#onAborted)
  }

  #aborted(): void {
    this.end(this.#signal?.reason)
    this.#queue.senderLeft(this)
  }
}

function ignore(): void {
  // Never called.
}
