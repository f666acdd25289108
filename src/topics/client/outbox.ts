/**
 * The publishes of a client. Each is kept until the server has answered, over as many connections
 * as that takes.
 *
 * Each publish has a number that grows by 1 within its topic. The number is the same however often
 * the publish is sent, so that the broker stores it once. Publishes to one topic are sent in order.
 * After a publish that was refused for now, the later ones wait.
 */

import { Deferred, quoteName, untilAborted } from '../../base/internal.ts'
import { PublishRefusedError, PublishUncertainError } from '../errors.ts'
import type { ErrorCode } from '../wire/messages.ts'
import type { ClientConnection } from './client-connection.ts'
import type { ClientPublished, OutboxLimits } from './live-topics.ts'

interface Pending {
  readonly id: number
  readonly topic: string
  readonly seq: number
  readonly body: object
  readonly bytes: number
  readonly answer: Deferred<ClientPublished>
  isSent: boolean
  /** Whether it was sent on an earlier session too, and may be stored since. */
  isRepeated: boolean
  /**
   * When it was sent for the first time; `null` when it never was. `Infinity` if the server has
   * refused it for now: it is not stored, but the server waits for its number.
   */
  firstSentAt: number | null
}

/** What the server says to a new session. */
interface OutboxWelcome {
  readonly limits: { readonly unanswered: number }
  /** In milliseconds. */
  readonly dedupe: number
}

/** A publish is not sent again shortly before the server forgets its number. */
const DEDUPE_SHARE = 0.9

/** The outbox of one client. */
export class Outbox {
  readonly #limits: OutboxLimits
  /** A function: the connection is made after its parts. */
  readonly #connection: () => ClientConnection
  readonly #sequences = new Map<string, number>()
  /** Topics whose publishes have to wait. */
  readonly #paused = new Set<string>()
  #pending: Pending[] = []
  #bytes = 0
  // The server's defaults. Its own values arrive before the first publish is sent.
  #dedupeMs = 120_000
  #maxUnanswered = 32

  constructor(limits: OutboxLimits, connection: () => ClientConnection) {
    this.#limits = limits
    this.#connection = connection
  }

  /** How many publishes wait for their answer. */
  get size(): number {
    return this.#pending.length
  }

  /** @param body the fields of the message beside `type`, `id`, `topic` and `seq`. */
  publish(
    topic: string,
    body: object,
    bytes: number,
    signal: AbortSignal | null,
  ): Promise<ClientPublished> {
    const answer = new Deferred<ClientPublished>()
    const isFull =
      this.#pending.length >= this.#limits.messages ||
      (this.#pending.length > 0 && this.#bytes + bytes > this.#limits.bytes)
    const refusal = this.#connection().end !== null ? 'closed' : isFull ? 'busy' : null
    if (refusal !== null) {
      answer.reject(new PublishRefusedError(topic, refusal))
      return answer.promise
    }
    const seq = (this.#sequences.get(topic) ?? 0) + 1
    this.#sequences.set(topic, seq)
    const id = this.#connection().nextId()
    const fresh = { isSent: false, isRepeated: false, firstSentAt: null }
    const pending: Pending = { id, topic, seq, body, bytes, answer, ...fresh }
    this.#pending.push(pending)
    this.#bytes += bytes
    if (signal !== null) this.#watch(pending, signal)
    this.flush()
    return answer.promise
  }

  /** There is a new session: sends everything again, in order. */
  opened({ limits, dedupe }: OutboxWelcome, isSame: boolean): void {
    this.#maxUnanswered = limits.unanswered
    this.#dedupeMs = dedupe
    this.#paused.clear()
    for (const pending of this.#pending.slice()) {
      pending.isSent = false
      pending.isRepeated = mayBeStored(pending)
      // The server does not recognise the numbers of a client with another name.
      if (!isSame && pending.isRepeated) this.#giveUp(pending)
    }
    this.flush()
  }

  /** Sends what may be sent. */
  flush(): void {
    const now = this.#connection().now()
    let unanswered = this.#pending.filter(({ isSent }) => isSent).length
    for (const pending of this.#pending.slice()) {
      const { id, topic, seq, body, firstSentAt } = pending
      if (pending.isSent || this.#paused.has(topic)) continue
      if (unanswered >= this.#maxUnanswered) return
      if (now - (firstSentAt ?? now) > this.#dedupeMs * DEDUPE_SHARE) {
        this.#giveUp(pending)
        continue
      }
      if (!this.#connection().send({ type: 'publish', id, topic, seq, ...body })) return
      pending.isSent = true
      pending.firstSentAt = Math.min(firstSentAt ?? now, now)
      unanswered++
    }
  }

  /** The server has stored it. */
  published(id: number, { epoch, offset, duplicate }: ClientPublished): void {
    this.#take(id)?.answer.resolve({ epoch, offset, duplicate })
    this.flush()
  }

  /** The server has refused it. @returns whether `id` is one of the outbox. */
  refused(id: number, code: ErrorCode, message: string, retryAfter: number | null): boolean {
    const pending = this.#pending.find((each) => each.id === id)
    if (pending === undefined) return false
    const { answer, topic } = pending
    if (retryAfter !== null) {
      pending.isSent = false
      if (!pending.isRepeated) pending.firstSentAt = Infinity
      if (code !== 'order') {
        this.#paused.add(topic)
        this.#connection().later(retryAfter, () => {
          this.#paused.delete(topic)
          this.flush()
        })
      } else this.flush()
      return true
    }
    this.#take(id)
    if (code === 'uncertain') answer.reject(new PublishUncertainError(topic))
    else {
      const reason = code === 'size' || code === 'schema' ? code : 'forbidden'
      // The message of a Towpath server begins with the same words as the error.
      const detail = message.replace(`Cannot publish to ${quoteName(topic)}: `, () => '')
      answer.reject(new PublishRefusedError(topic, reason, { detail }))
    }
    this.flush()
    return true
  }

  /** The server has closed before it handled a publish: see `ConnectionOwner.unhandled`. */
  unhandled(id: unknown): void {
    const pending = this.#pending.find((each) => each.id === id)
    if (pending?.isRepeated !== false) return
    pending.firstSentAt = null
    this.#giveUp(pending)
  }

  /** There is no other session. */
  end(): void {
    for (const pending of this.#pending.slice()) this.#giveUp(pending)
  }

  #giveUp(pending: Pending): void {
    this.#take(pending.id)
    const { answer, topic } = pending
    answer.reject(
      mayBeStored(pending)
        ? new PublishUncertainError(topic)
        : new PublishRefusedError(topic, 'closed'),
    )
  }

  #take(id: number): Pending | null {
    const index = this.#pending.findIndex((each) => each.id === id)
    const [pending] = index === -1 ? [] : this.#pending.splice(index, 1)
    if (pending === undefined) return null
    this.#bytes -= pending.bytes
    return pending
  }

  #watch(pending: Pending, signal: AbortSignal): void {
    // Rejects with the answer too: then nothing of this has an effect.
    untilAborted(signal, pending.answer.promise).catch(() => {
      pending.answer.reject(signal.reason)
      // A publish that was sent keeps its place until the server answers.
      if (pending.firstSentAt === null) this.#take(pending.id)
    })
  }
}

function mayBeStored({ firstSentAt }: Pending): boolean {
  return Number.isFinite(firstSentAt)
}
