/**
 * One loop over the changes of a presence. What it does not take in time becomes a new list.
 */

import { addAbortListener, Deferred, removeAbortListener } from '../../base/internal.ts'
import type { PresenceChange } from './presence.ts'

/** Changes that wait for the loop. */
const MAX_WAITING = 1000

/** What a watch needs of its presence. */
export interface WatchSource {
  /** Whether the members are known. When they are, `renew` is called. */
  readonly isReady: () => boolean
  /** The members now, or their count. */
  readonly members: (isCounting: boolean) => PresenceChange
  readonly left: (watch: PresenceWatch) => void
}

/** One watch. It begins with the members. */
export class PresenceWatch implements AsyncIterableIterator<PresenceChange> {
  /** Whether only the count is wanted. */
  readonly isCounting: boolean
  readonly #source: WatchSource
  readonly #signal: AbortSignal | null
  #waiting: PresenceChange[] = []
  /** Whether the members come next, made when they are taken. */
  #needsMembers = true
  #woken: Deferred<void> | null = null
  #isOver = false
  #error: Error | null = null

  constructor(source: WatchSource, signal: AbortSignal | null, isCounting: boolean) {
    this.isCounting = isCounting
    this.#source = source
    this.#signal = signal
    if (signal !== null) addAbortListener(signal, this.#aborted)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** A change has happened. */
  push(change: PresenceChange): void {
    // The list that comes next has it already.
    if (this.#needsMembers) return
    this.#waiting.push(change)
    if (this.#waiting.length > MAX_WAITING) this.renew()
    this.#wake()
  }

  /** The members come next, in the place of changes. */
  renew(): void {
    this.#waiting = []
    this.#needsMembers = true
    this.#wake()
  }

  async next(): Promise<IteratorResult<PresenceChange, undefined>> {
    for (;;) {
      this.#signal?.throwIfAborted()
      if (this.#isOver) return this.#ended()
      if (this.#needsMembers && this.#source.isReady()) {
        this.#needsMembers = false
        return { done: false, value: this.#source.members(this.isCounting) }
      }
      const change = this.#waiting.shift()
      if (change !== undefined) return { done: false, value: change }
      this.#woken ??= new Deferred()
      await this.#woken.promise
    }
  }

  /** Ends the watch, and a `next` that waits. */
  return(): Promise<IteratorResult<PresenceChange, undefined>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Ends the loop; `error` is thrown from it. */
  end(error: Error | null = null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    if (this.#signal !== null) removeAbortListener(this.#signal, this.#aborted)
    this.#source.left(this)
    this.#wake()
  }

  #ended(): IteratorResult<PresenceChange, undefined> {
    const error = this.#error
    this.#error = null
    if (error !== null) throw error
    return { done: true, value: undefined }
  }

  readonly #aborted = (): void => this.end()

  #wake(): void {
    const woken = this.#woken
    this.#woken = null
    woken?.resolve()
  }
}
