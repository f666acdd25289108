/**
 * Pages of histories that a client has requested. Each request is repeated on every session until
 * its page comes.
 */

import { Deferred, untilAborted } from '../../base/internal.ts'
import { SubscriptionRefusedError } from '../errors.ts'
import type { HistoryPage, HistoryPageOptions } from '../kind/history-page.ts'
import type { ServerMessage } from '../wire/messages.ts'
import type { ClientConnection } from './client-connection.ts'
import { itemOf } from './received-events.ts'

interface Asked {
  readonly topic: string
  readonly request: HistoryPageOptions
  readonly answer: Deferred<HistoryPage>
}

/** How many pages may be under way. */
const MAX_ASKED = 64
const DEFAULT_LIMIT = 100

/** The pages of one client. */
export class ClientHistories {
  /** A function: the connection is made after its parts. */
  readonly #connection: () => ClientConnection
  /** By the ids of their requests. */
  readonly #asked = new Map<number, Asked>()

  constructor(connection: () => ClientConnection) {
    this.#connection = connection
  }

  read(
    topic: string,
    request: HistoryPageOptions,
    signal: AbortSignal | null,
  ): Promise<HistoryPage> {
    const connection = this.#connection()
    const answer = new Deferred<HistoryPage>()
    const { end } = connection
    if (end !== null) answer.reject(end.error ?? new SubscriptionRefusedError(topic, 'closed'))
    else if (this.#asked.size >= MAX_ASKED)
      answer.reject(new SubscriptionRefusedError(topic, 'limit'))
    else {
      const id = connection.nextId()
      this.#asked.set(id, { topic, request, answer })
      if (signal !== null) this.#watch(id, answer, signal)
      this.#ask(id)
    }
    return answer.promise
  }

  /** There is a new session: asks for everything again. */
  opened(): void {
    for (const id of this.#asked.keys()) this.#ask(id)
  }

  receive(message: Extract<ServerMessage, { type: 'history' }>): void {
    const { id, epoch, head, complete, events } = message
    this.#asked.get(id)?.answer.resolve({ epoch, head, complete, events: events.map(itemOf) })
    this.#asked.delete(id)
  }

  /** @returns whether the refused request was one for a page. */
  refused(
    id: number,
    retryAfter: number | null,
    error: (topic: string) => SubscriptionRefusedError,
  ): boolean {
    const asked = this.#asked.get(id)
    if (asked === undefined) return false
    if (retryAfter === null) {
      this.#asked.delete(id)
      asked.answer.reject(error(asked.topic))
    } else this.#connection().later(retryAfter, () => this.#ask(id))
    return true
  }

  /** There is no other session. */
  end(error: Error | null): void {
    for (const { topic, answer } of this.#asked.values()) {
      answer.reject(error ?? new SubscriptionRefusedError(topic, 'closed'))
    }
    this.#asked.clear()
  }

  #ask(id: number): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) return
    const { from = { last: DEFAULT_LIMIT }, before = null, limit = DEFAULT_LIMIT } = asked.request
    this.#connection().send({ type: 'history', id, topic: asked.topic, from, before, limit })
  }

  #watch(id: number, answer: Deferred<HistoryPage>, signal: AbortSignal): void {
    untilAborted(signal, answer.promise).catch(() => {
      this.#asked.delete(id)
      answer.reject(signal.reason)
    })
  }
}
