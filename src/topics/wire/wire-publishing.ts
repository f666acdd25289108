/**
 * The publishes of one client: within its limits and permissions, and in the order in which they
 * came.
 */

import { ScopeEndedError } from '../../base/index.ts'
import { TokenBucket } from '../../base/internal.ts'
import {
  BrokerUnavailableError,
  PublishRefusedError,
  PublishUncertainError,
  TopicNameError,
} from '../errors.ts'
import { type ClientMessage, type ErrorCode, MAX_UNANSWERED } from './messages.ts'
import { type AllowedTopic, Denied } from './permissions.ts'
import type { WireParts } from './wire-parts.ts'

type Publish = Extract<ClientMessage, { type: 'publish' }>

const RATE_BURST_MS = 2000
const RETRY_AFTER_MS = 1000
/** In how many topics publishes may be refused at a time. */
const MAX_REFUSED_TOPICS = 256

/** The publishes of one connection. */
export class WirePublishing {
  readonly #parts: WireParts
  readonly #rate: TokenBucket
  /** By topic, the lowest number that was refused and may come again. Later ones must wait. */
  readonly #refused = new Map<string, number>()
  /** Publishes begin in the order in which they came. */
  #turn: Promise<void> = Promise.resolve()
  #unanswered = 0

  constructor(parts: WireParts) {
    const { node, settings } = parts.topics
    this.#parts = parts
    const { clock } = node.environment
    this.#rate = new TokenBucket(clock, settings.maxPublishesPerSecond, RATE_BURST_MS)
  }

  /** Publishes, or refuses. Closes the session if too many publishes are unanswered. */
  handle(publish: Publish): void {
    const { topic, seq } = publish
    const { answers } = this.#parts
    if (this.#unanswered >= MAX_UNANSWERED) {
      answers.closeTooFast('maxUnanswered', topic)
      return
    }
    if (this.#isBehindRefused(publish)) {
      this.#refuseOrder(publish)
      return
    }
    if (!this.#rate.take()) {
      answers.tellLimit('maxPublishesPerSecond', topic)
      const retryAfter = Math.ceil(this.#rate.msUntilToken)
      this.#refuseForNow(publish, 'rate', 'Too many publishes', retryAfter)
      return
    }
    if (seq === this.#refused.get(topic)) this.#refused.delete(topic)
    this.#unanswered++
    this.#turn = this.#turn.then(() => this.#publish(publish))
  }

  /** Resolves when the publish has begun. Never rejects. */
  async #publish(publish: Publish): Promise<void> {
    const { topic: name, seq, key, data } = publish
    const { client, permissions, topics } = this.#parts
    try {
      if (this.#isBehindRefused(publish)) throw new OrderError()
      const allowed = permissions.find(name)
      const event = await this.#mayPublish(name, allowed, data)
      if (allowed === null) throw new PublishRefusedError(name, 'forbidden')
      const served = topics.served(name, allowed.kind)
      const identity = { lane: client.id, sequence: seq }
      const origin = { publisher: client.id, identity }
      const published = served.publishFrom(origin, event, key === null ? {} : { key })
      published.then(
        ({ epoch, offset, duplicate }) => this.#stored(publish, epoch, offset, duplicate),
        (error: unknown) => this.#failed(publish, error),
      )
    } catch (error) {
      this.#failed(publish, error)
    }
  }

  /** @returns what is stored. @throws (by rejecting) {PublishRefusedError} */
  async #mayPublish(topic: string, allowed: AllowedTopic | null, event: unknown): Promise<unknown> {
    const ask = allowed?.permissions.publish
    if (allowed === null || ask === undefined) throw new PublishRefusedError(topic, 'forbidden')
    const { client, topics } = this.#parts
    const valid = await topics.served(topic, allowed.kind).validate(event)
    const { parameters } = allowed
    const answer = await ask({ client, parameters, topic, event: valid })
    if (answer === true) return event
    if (typeof answer === 'object' && answer !== null && 'event' in answer) return answer.event
    const detail = answer instanceof Denied ? answer.message : undefined
    throw new PublishRefusedError(topic, 'forbidden', detail === undefined ? {} : { detail })
  }

  #stored({ id }: Publish, epoch: string | null, offset: number | null, duplicate: boolean): void {
    this.#unanswered--
    this.#parts.answers.succeeded()
    this.#parts.answers.send({ type: 'published', id, epoch, offset, duplicate })
  }

  #failed(publish: Publish, error: unknown): void {
    this.#unanswered--
    const { id, topic } = publish
    const { answers } = this.#parts
    if (error instanceof BrokerUnavailableError) {
      this.#refuseForNow(publish, 'unavailable', 'The broker is down', RETRY_AFTER_MS)
    } else if (error instanceof PublishUncertainError) {
      answers.refuse(id, topic, 'uncertain', error.message)
    } else if (error instanceof OrderError) {
      this.#refuseOrder(publish)
    } else if (error instanceof PublishRefusedError && error.reason === 'busy') {
      answers.tellLimit('maxWaitingEvents', topic)
      this.#refuseForNow(publish, 'busy', error.message, RETRY_AFTER_MS)
    } else if (error instanceof PublishRefusedError) {
      if (error.reason === 'size') answers.tellLimit('maxEventBytes', topic)
      const code = error.reason === 'size' || error.reason === 'schema' ? error.reason : 'forbidden'
      answers.refuse(id, topic, code, error.message)
    } else if (error instanceof TypeError || error instanceof TopicNameError) {
      answers.refuse(id, topic, 'schema', 'The event is invalid')
    } else {
      // A permission of the application has failed: the session fails with its error, once.
      this.#fail(error)
    }
  }

  /** Fails the session, unless it is over. */
  #fail(error: unknown): void {
    try {
      void this.#parts.session
        .launch(() => {
          throw error
        })
        .catch(() => {
          // The session has failed with it.
        })
    } catch (ended) {
      if (!(ended instanceof ScopeEndedError)) throw ended
    }
  }

  /** Stored before the one that was refused, it would make that one look like a repetition. */
  #isBehindRefused({ topic, seq }: Publish): boolean {
    const refused = this.#refused.get(topic)
    return refused !== undefined && seq > refused
  }

  #refuseOrder({ id, topic }: Publish): void {
    const more = { retryAfter: 0 }
    this.#parts.answers.refuse(id, topic, 'order', 'An earlier publish was refused', more)
  }

  /** Refuses a publish that may come again. Later ones of the topic have to wait for it. */
  #refuseForNow(publish: Publish, code: ErrorCode, message: string, retryAfter: number): void {
    const { id, topic, seq } = publish
    const { answers } = this.#parts
    this.#refused.set(topic, Math.min(seq, this.#refused.get(topic) ?? seq))
    if (this.#refused.size > MAX_REFUSED_TOPICS) {
      answers.closeTooFast('maxRefusals', topic)
    } else answers.refuse(id, topic, code, message, { retryAfter })
  }
}

/** A publish came behind one that was refused. */
class OrderError extends Error {}
