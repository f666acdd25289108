/**
 * A stream that goes on over many sessions: it is asked again on each, from the last item on.
 */

import { addAbortListener, Deferred, removeAbortListener } from '../../base/internal.ts'
import { isLost, RequestFailedError } from '../errors.ts'
import { ignore } from '../link/outbox.ts'
import { readableItems } from '../readable-items.ts'
import type { MessageStream } from '../typed-session.ts'

/** Asks on the session that there is, or on the next one. */
type Ask = (last: unknown, signal: AbortSignal) => Promise<MessageStream<unknown, unknown>>

/** See `TypedConnection.keep`. */
export class KeptStream implements MessageStream<unknown, unknown> {
  readonly #type: string
  readonly #ask: Ask
  readonly #signal: AbortSignal | null
  /** Gives up what is asked, and the wait for a session. */
  readonly #leaving = new AbortController()
  readonly #result = new Deferred<unknown>()
  /** The stream of the session that there is. */
  #inner: Promise<MessageStream<unknown, unknown>> | null
  #items: AsyncIterator<unknown> | null = null
  #last: unknown = null
  #isLeft = false

  /**
   * @param type the name of the request.
   * @param signal cancels the stream, which then fails with its reason.
   */
  constructor(type: string, ask: Ask, signal: AbortSignal | null) {
    this.#type = type
    this.#ask = ask
    this.#signal = signal
    if (signal !== null) addAbortListener(signal, this.#aborted)
    this.#result.promise.catch(ignore)
    this.#inner = ask(null, this.#leaving.signal)
    this.#inner.catch(ignore)
  }

  get result(): Promise<unknown> {
    return this.#result.promise
  }

  readonly cancel = (): void => {
    this.#finish(() => this.#result.reject(new RequestFailedError(this.#type, 'CANCELLED')))
  }

  readonly readable = (): ReadableStream<unknown> => readableItems(this);

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.cancel()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cancel()
    return Promise.resolve()
  }

  async #next(): Promise<IteratorResult<unknown, undefined>> {
    while (!this.#isLeft) {
      try {
        this.#inner ??= this.#ask(this.#last, this.#leaving.signal)
        const inner = await this.#inner
        this.#items ??= inner[Symbol.asyncIterator]()
        const step = await this.#items.next()
        if (step.done !== true) {
          this.#last = step.value
          return { done: false, value: step.value }
        }
        const result = await inner.result
        this.#finish(() => this.#result.resolve(result))
        break
      } catch (error) {
        if (this.#isOver()) {
          if (this.#failure !== null) throw this.#failure.error
          break
        }
        const hadBegun = this.#items !== null
        this.#inner = null
        this.#items = null
        // Lost with its session: the next session is asked. Without one there is no next.
        if (hadBegun && isLost(error)) {
          continue
        }
        this.#finish(() => this.#result.reject(error))
        throw error
      }
    }
    return { done: true, value: undefined }
  }

  #failure: { readonly error: unknown } | null = null

  readonly #aborted = (): void => {
    const error: unknown = this.#signal?.reason
    this.#failure ??= { error }
    this.#finish(() => this.#result.reject(error))
  }

  /** The first outcome counts. */
  #finish(settle: () => void): void {
    if (this.#isLeft) return
    this.#isLeft = true
    settle()
    if (this.#signal !== null) removeAbortListener(this.#signal, this.#aborted)
    this.#leaving.abort()
    this.#inner?.then((inner) => inner.cancel(), ignore)
  }

  /** Asked again after each wait: it may have been cancelled meanwhile. */
  #isOver(): boolean {
    return this.#isLeft
  }
}
