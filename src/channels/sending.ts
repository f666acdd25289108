/**
 * Someone who waits for room in a channel.
 */

import { addAbortListener, handled, removeAbortListener } from '../base/internal.ts'
import { ClosedSendChannelError } from './errors.ts'
import { type ChannelEnd, errorOptions } from './receiving.ts'
import type { Waiting } from './wait-queue.ts'

/** Where a sender waits: told when it has given up. */
export interface SenderQueue<T> {
  senderLeft(sender: WaitingSender<T>): void
}

/** Waits with one value in the name of a promise. */
export class WaitingSender<T> implements Waiting<WaitingSender<T>> {
  readonly value: T
  /** As the channel measured it, in bytes. */
  readonly bytes: number
  readonly promise: Promise<void>
  previous: WaitingSender<T> | null = null
  next: WaitingSender<T> | null = null
  readonly #queue: SenderQueue<T>
  readonly #signal: AbortSignal | undefined
  readonly #onAborted: () => void = ignore
  // Both are set before the constructor returns: the promise calls its function at once.
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

  /** The value has been sent. */
  accept(): void {
    this.#stopListening()
    this.#resolve()
  }

  /** The value was not sent, and will not be: because of what it is. */
  refuse(error: unknown): void {
    this.#stopListening()
    this.#reject(error)
  }

  /** The value was not sent, and will not be: the channel has ended, or the wait was given up. */
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

/** What a sender is rejected with at a channel that has ended so. */
export function refusal(value: unknown, end: ChannelEnd): ClosedSendChannelError {
  return new ClosedSendChannelError(value, errorOptions(end, end.cause ?? end.detail))
}

function ignore(): void {
  // Never called.
}
