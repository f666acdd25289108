/**
 * Presence in the ready-made protocol, for one connection: whom the client watches, and where it is a member.
 */

import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import type { WheelTimer } from '../../base/internal.ts'
import { ClosedSendChannelError } from '../../channels/index.ts'
import { PublishRefusedError } from '../errors.ts'
import { problemOf } from '../kind/topic-name.ts'
import type { PresenceMode, Seat } from '../presence/presence.ts'
import type { TopicsLimitName } from '../topics-events.ts'
import type { TopicsParts } from '../topics-parts.ts'
import type { ClientMessage, ErrorCode } from './messages.ts'
import { type AllowedTopic, type Decision, Denied, type Permissions } from './permissions.ts'
import type { TopicsClient } from './topics-client.ts'
import { encodeMessage } from './wire-feed.ts'

/** What a connection offers to its presence. */
export interface WirePresenceOwner {
  readonly client: TopicsClient
  readonly session: DefaultWebSocketServerSession
  readonly topics: TopicsParts
  readonly permissions: Permissions
  /** Asks whether the client may receive the topic. */
  decide(topic: string, allowed: AllowedTopic | null): Promise<Decision>
  forbid(id: number, topic: string, denied: Denied | null): void
  refuse(id: number, topic: string | null, code: ErrorCode, message: string): void
  /** Ends everything that the client does with a topic, and says so. */
  deny(topic: string): void
  tellLimit(limit: TopicsLimitName, topic: string): void
}

type Request = Extract<ClientMessage, { type: 'presence' | 'join' | 'leave' }>

/** A watch that is under way. */
interface Watching {
  readonly aborting: AbortController
  until: WheelTimer | null
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** The presence of one client. */
export class WirePresence {
  readonly #owner: WirePresenceOwner
  readonly #watching = new Map<string, Watching>()
  readonly #seats = new Map<string, Seat<unknown>>()
  /** Joins and leaves happen in the order in which they came. */
  #joining: Promise<void> = Promise.resolve()

  constructor(owner: WirePresenceOwner) {
    this.#owner = owner
  }

  /** Does what the client asks for. Rejects with what a permission fails with. */
  async handle(request: Request): Promise<void> {
    const { id, topic } = request
    if (problemOf(topic) !== null) {
      this.#owner.refuse(id, null, 'name', 'The name of the topic is invalid')
    } else if (request.type === 'presence') {
      await this.#watch(id, topic, request.mode)
    } else {
      const turn = this.#joining.then(() =>
        request.type === 'join' ? this.#join(id, topic, request.meta) : this.#leave(id, topic),
      )
      this.#joining = turn.catch(() => {
        // Whoever awaits the turn hears of it.
      })
      await turn
    }
  }

  /** A permission has ended. */
  denied(topic: string): void {
    this.#unwatch(topic)
    this.#seats.get(topic)?.leave()
    this.#seats.delete(topic)
  }

  /** A renewed token is asked for everything that was allowed up to a moment. */
  async askAgain(): Promise<void> {
    const { permissions } = this.#owner
    for (const [topic, watching] of this.#watching) {
      if (watching.until === null) continue
      const decision = await this.#owner.decide(topic, permissions.find(topic))
      if (this.#watching.get(topic) !== watching) continue
      if (decision.isAllowed) this.#endAt(topic, watching, decision.until)
      else this.#owner.deny(topic)
    }
  }

  /** The session is over. Seats end with it by themselves. */
  end(): void {
    for (const topic of this.#watching.keys()) this.#unwatch(topic)
  }

  async #watch(id: number, topic: string, mode: PresenceMode | 'off'): Promise<void> {
    this.#unwatch(topic)
    if (mode === 'off') return this.#done(id, topic)
    if (this.#isFull(id, topic, this.#watching)) return
    const { permissions } = this.#owner
    const allowed = permissions.find(topic)
    const watching: Watching = { aborting: new AbortController(), until: null }
    this.#watching.set(topic, watching)
    const decision = await this.#owner.decide(topic, allowed)
    if (this.#watching.get(topic) !== watching) return
    const ask = allowed?.permissions.presence
    if (!decision.isAllowed || allowed === null || ask === undefined) {
      this.#watching.delete(topic)
      this.#owner.forbid(id, topic, decision.isAllowed ? null : decision.denied)
      return
    }
    this.#endAt(topic, watching, decision.until)
    await this.#done(id, topic)
    const { presence } = this.#owner.topics.served(topic, allowed.kind)
    try {
      for await (const change of presence.changes({ mode, signal: watching.aborting.signal })) {
        // Waits while the client is slow: then it gets the members anew, and not every change.
        await this.#owner.session.send(encodeMessage({ ...change, topic }))
      }
    } catch (error) {
      if (watching.aborting.signal.aborted || error instanceof ClosedSendChannelError) return
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
    const { timers } = this.#owner.topics.node.environment
    const ms = Math.min(Math.max(0, until.getTime() - Date.now()), MAX_TIMER_MS)
    watching.until = timers.schedule(ms, () => this.#owner.deny(topic))
  }

  async #join(id: number, topic: string, meta: unknown): Promise<void> {
    const { client, permissions, session, topics } = this.#owner
    const allowed = permissions.find(topic)
    const ask = allowed?.permissions.presence
    if (!this.#seats.has(topic) && this.#isFull(id, topic, this.#seats)) return
    if (allowed === null || ask === undefined) {
      this.#owner.forbid(id, topic, null)
      return
    }
    const { parameters } = allowed
    const answer = await ask({ client, parameters, topic, meta })
    if (answer === false || answer instanceof Denied) {
      this.#owner.forbid(id, topic, answer === false ? null : answer)
      return
    }
    const { presence } = topics.served(topic, allowed.kind)
    try {
      const seat = await presence.join(session, answer.key, answer.meta)
      // The new seat first: the member stays present.
      this.#seats.get(topic)?.leave()
      this.#seats.set(topic, seat)
    } catch (error) {
      if (!(error instanceof PublishRefusedError)) throw error
      if (error.reason === 'size') this.#owner.tellLimit('maxMetaBytes', topic)
      this.#owner.refuse(id, topic, error.reason === 'size' ? 'size' : 'schema', error.message)
      return
    }
    await this.#done(id, topic, answer.key)
  }

  #leave(id: number, topic: string): Promise<void> {
    this.#seats.get(topic)?.leave()
    this.#seats.delete(topic)
    return this.#done(id, topic)
  }

  /** Refuses what would be too much. */
  #isFull(id: number, topic: string, taken: ReadonlyMap<string, unknown>): boolean {
    if (taken.size < this.#owner.topics.settings.maxTopics) return false
    this.#owner.tellLimit('maxTopics', topic)
    this.#owner.refuse(id, topic, 'limit', 'Too many topics')
    return true
  }

  async #done(id: number, topic: string, key?: string): Promise<void> {
    const named = key === undefined ? {} : { key }
    try {
      await this.#owner.session.send(encodeMessage({ type: 'done', id, topic, ...named }))
    } catch (error) {
      if (!(error instanceof ClosedSendChannelError)) throw error
    }
  }
}
