/**
 * The presence of one client: the topics whose members it watches, and those where it is a member.
 */

import { ClosedSendChannelError } from '../../channels/index.ts'
import type { Outbound } from '../../session/index.ts'
import { BrokerUnavailableError, PresenceKeyTakenError, PublishRefusedError } from '../errors.ts'
import type { PresenceMode, Seat } from '../presence/presence.ts'
import type { ClientMessage } from './messages.ts'
import { PermissionEnd } from './permission-end.ts'
import { type AllowedTopic, type Decision, Denied } from './permissions.ts'
import type { WireParts } from './wire-parts.ts'

type Request = Extract<ClientMessage, { type: 'presence' | 'join' | 'leave' }>

/** A topic whose members the client watches. */
interface Watching {
  readonly aborting: AbortController
  /** `null`: the permission does not end. */
  until: PermissionEnd | null
}

/** A request to be a member. */
interface Join {
  readonly topic: string
  /** Whether the permission for the topic has ended since the request began. */
  isDenied: boolean
}

/** When a client asks again for what the broker could not say. */
const RETRY_AFTER_MS = 1000

/** A list of members counts as one more request for each 64 KiB that it has. */
const BYTES_OF_REQUEST = 64 * 1024

/** The presence of one connection. */
export class WirePresence {
  readonly #parts: WireParts
  readonly #decide: (topic: string, allowed: AllowedTopic | null) => Promise<Decision>
  readonly #deny: (topic: string) => void
  readonly #spend: (requests: number) => void
  readonly #watching = new Map<string, Watching>()
  readonly #seats = new Map<string, Seat<unknown>>()
  /** Changes are sent one after another: a list of members may be large. */
  #sending: Promise<void> = Promise.resolve()
  /** Joins and leaves happen in the order in which they came. */
  #joining: Promise<void> = Promise.resolve()
  /** The join that is under way: there is at most one. */
  #underWay: Join | null = null

  /**
   * @param decide asks whether the client may receive a topic.
   * @param deny ends all that the client does with a topic, and says so to the client.
   * @param spend counts requests against the rate of the client.
   */
  constructor(
    parts: WireParts,
    decide: (topic: string, allowed: AllowedTopic | null) => Promise<Decision>,
    deny: (topic: string) => void,
    spend: (requests: number) => void,
  ) {
    this.#parts = parts
    this.#decide = decide
    this.#deny = deny
    this.#spend = spend
  }

  /**
   * Answers a request. A watch lasts until it ends.
   *
   * @throws (by rejecting) the error of a permission.
   */
  async handle(request: Request): Promise<void> {
    const { id, topic } = request
    if (request.type === 'presence') {
      await this.#watch(id, topic, request.mode)
      return
    }
    const turn = this.#joining.then(() =>
      request.type === 'join' ? this.#joinOnce(id, topic, request.meta) : this.#leave(id, topic),
    )
    this.#joining = turn.catch(() => {
      // The caller gets the error from `turn`.
    })
    await turn
  }

  /** The permission for a topic has ended. */
  denied(topic: string): void {
    this.#unwatch(topic)
    if (this.#underWay?.topic === topic) this.#underWay.isDenied = true
    this.#seats.get(topic)?.leave()
    this.#seats.delete(topic)
  }

  /**
   * Asks again for the permissions that end: the client has a new token.
   *
   * @returns how many questions that were.
   */
  async askAgain(): Promise<number> {
    const { permissions } = this.#parts
    let asked = 0
    for (const [topic, watching] of this.#watching) {
      if (watching.until === null) continue
      asked++
      const decision = await this.#decide(topic, permissions.find(topic))
      if (this.#watching.get(topic) !== watching) continue
      if (decision.isAllowed) this.#endAt(topic, watching, decision.until)
      else this.#deny(topic)
    }
    return asked
  }

  /** The session is over. Seats end with the session by themselves. */
  end(): void {
    for (const topic of this.#watching.keys()) this.#unwatch(topic)
  }

  async #watch(id: number, topic: string, mode: PresenceMode | 'off'): Promise<void> {
    this.#unwatch(topic)
    if (mode === 'off') return this.#done(id, topic)
    if (this.#isFull(id, topic, this.#watching)) return
    const { answers, permissions } = this.#parts
    const allowed = permissions.find(topic)
    const watching: Watching = { aborting: new AbortController(), until: null }
    this.#watching.set(topic, watching)
    const decision = await this.#decide(topic, allowed)
    if (this.#watching.get(topic) !== watching) return
    const ask = allowed?.permissions.presence
    if (!decision.isAllowed || allowed === null || ask === undefined) {
      this.#watching.delete(topic)
      answers.forbid(id, topic, decision.isAllowed ? null : decision.denied)
      return
    }
    this.#endAt(topic, watching, decision.until)
    answers.succeeded()
    await this.#done(id, topic)
    await this.#sendChanges(topic, allowed, mode, watching.aborting.signal)
  }

  /** Sends the changes until `signal` aborts, or the session is over. */
  async #sendChanges(
    topic: string,
    { kind }: AllowedTopic,
    mode: PresenceMode,
    signal: AbortSignal,
  ): Promise<void> {
    const { encoding, session, topics } = this.#parts
    const { presence } = topics.served(topic, kind)
    let isAnswer = true
    try {
      for await (const change of presence.changes({ mode, signal })) {
        const isFirst = isAnswer
        isAnswer = false
        // Waits while the client is slow. Then it gets all members again, and not every change.
        const sent = this.#sending.then(() => {
          if (signal.aborted) return undefined
          const encoded = encoding.encode({ ...change, topic })
          if (isFirst) this.#spend(Math.floor(sizeOf(encoded) / BYTES_OF_REQUEST))
          return session.send(encoded)
        })
        this.#sending = sent.catch(() => {
          // The loop gets the error from `sent`.
        })
        await sent
      }
    } catch (error) {
      if (signal.aborted || error instanceof ClosedSendChannelError) return
      throw error
    }
  }

  #unwatch(topic: string): void {
    const watching = this.#watching.get(topic)
    if (watching === undefined) return
    this.#watching.delete(topic)
    watching.until?.cancel()
    watching.aborting.abort()
  }

  #endAt(topic: string, watching: Watching, until: Date | null): void {
    watching.until?.cancel()
    watching.until = null
    if (until === null) return
    const { timers } = this.#parts.topics.node.environment
    watching.until = new PermissionEnd(timers, until, () => this.#deny(topic))
  }

  async #joinOnce(id: number, topic: string, meta: unknown): Promise<void> {
    const join: Join = { topic, isDenied: false }
    this.#underWay = join
    try {
      await this.#join(id, join, meta)
    } finally {
      this.#underWay = null
    }
  }

  async #join(id: number, join: Join, meta: unknown): Promise<void> {
    const { topic } = join
    const { answers, client, permissions, session, topics } = this.#parts
    const allowed = permissions.find(topic)
    const ask = allowed?.permissions.presence
    if (!this.#seats.has(topic) && this.#isFull(id, topic, this.#seats)) return
    if (allowed === null || ask === undefined) {
      answers.forbid(id, topic, null)
      return
    }
    const { parameters } = allowed
    const answer = await ask({ client, parameters, topic, meta })
    if (join.isDenied || answer === false || answer instanceof Denied) {
      answers.forbid(id, topic, answer instanceof Denied ? answer : null)
      return
    }
    const { presence } = topics.served(topic, allowed.kind)
    try {
      const options = answer.holder === undefined ? {} : { holder: answer.holder }
      const seat = await presence.join(session, answer.key, answer.meta, options)
      if (join.isDenied) {
        seat.leave()
        answers.forbid(id, topic, null)
        return
      }
      // The old seat ends after the new one has begun, so that the member stays present.
      this.#seats.get(topic)?.leave()
      this.#seats.set(topic, seat)
    } catch (error) {
      if (error instanceof PresenceKeyTakenError) {
        answers.refuse(id, topic, 'taken', 'Another client has the key')
        return
      }
      if (error instanceof BrokerUnavailableError) {
        answers.refuse(id, topic, 'unavailable', 'The broker is down', {
          retryAfter: RETRY_AFTER_MS,
        })
        return
      }
      if (!(error instanceof PublishRefusedError)) throw error
      if (error.reason === 'size') answers.tellLimit('maxMetaBytes', topic)
      answers.refuse(id, topic, error.reason === 'size' ? 'size' : 'schema', error.message)
      return
    }
    answers.succeeded()
    await this.#done(id, topic, answer.key)
  }

  #leave(id: number, topic: string): Promise<void> {
    this.#seats.get(topic)?.leave()
    this.#seats.delete(topic)
    return this.#done(id, topic)
  }

  /** Refuses a topic if the client has too many. */
  #isFull(id: number, topic: string, taken: ReadonlyMap<string, unknown>): boolean {
    const { answers, topics } = this.#parts
    if (taken.size < topics.settings.maxTopics) return false
    answers.tellLimit('maxTopics', topic)
    answers.refuse(id, topic, 'limit', 'Too many topics')
    return true
  }

  async #done(id: number, topic: string, key?: string): Promise<void> {
    const { encoding, session } = this.#parts
    const named = key === undefined ? {} : { key }
    try {
      await session.send(encoding.encode({ type: 'done', id, topic, ...named }))
    } catch (error) {
      if (!(error instanceof ClosedSendChannelError)) throw error
    }
  }
}

/** Bytes of a message, or its characters if it is a text. */
function sizeOf(message: Outbound): number {
  if (typeof message === 'string') return message.length
  return message instanceof Uint8Array ? message.length : 0
}
