/**
 * The requests of one client that cost the application or the broker a question: how many per
 * second, and how many at a time.
 */

import { ScopeEndedError } from '../../base/index.ts'
import { type Environment, TokenBucket } from '../../base/internal.ts'
import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import type { TopicsSettings } from '../topics-options.ts'
import type { TopicsParts } from '../topics-parts.ts'
import type { WireAnswers } from './wire-answers.ts'

const SECOND_MS = 1000
const BURST_MS = 1000
const RETRY_AFTER_MS = 1000
const SPARE_UNDER_WAY = 32
const SPARE_WAITING = 64

/** The requests of one connection. */
export class WireRequests {
  readonly #session: DefaultWebSocketServerSession
  readonly #answers: WireAnswers
  readonly #environment: Environment
  readonly #settings: TopicsSettings
  readonly #rate: TokenBucket
  /** The time after the turns of all requests that were refused because of the rate. */
  #nextAt = 0
  #underWay = 0

  constructor(
    session: DefaultWebSocketServerSession,
    { node, settings }: TopicsParts,
    answers: WireAnswers,
  ) {
    this.#session = session
    this.#answers = answers
    this.#environment = node.environment
    this.#settings = settings
    this.#rate = new TokenBucket(node.environment.clock, settings.maxSubscribesPerSecond, BURST_MS)
  }

  /** Takes one request from the rate, or refuses it. */
  mayAsk(id: number | null, topic: string | null): boolean {
    if (!this.#rate.take()) {
      this.#answers.tellLimit('maxSubscribesPerSecond', topic)
      this.#refuseRate(id, topic)
      return false
    }
    // Presence keeps one request under way for each topic that the client watches.
    if (this.#underWay < 2 * this.#settings.maxTopics + SPARE_UNDER_WAY) return true
    this.#answers.tellLimit('maxUnderWay', topic)
    const retryAfter = RETRY_AFTER_MS
    this.#answers.refuse(id, topic, 'busy', 'Too many requests are under way', { retryAfter })
    return false
  }

  /**
   * Gives each request that is refused a turn of its own. If all came again at the same time, all
   * but one would be refused again.
   *
   * A client that reconnects sends its requests of all topics at once. Such refusals do not count
   * as refusals in a row. More than that count: the client does not wait for its turns.
   */
  #refuseRate(id: number | null, topic: string | null): void {
    const { maxTopics, maxSubscribesPerSecond } = this.#settings
    const turnMs = SECOND_MS / maxSubscribesPerSecond
    const now = this.#environment.clock.now()
    const first = now + this.#rate.msUntilToken
    const at = Math.max(first, this.#nextAt)
    this.#nextAt = at + turnMs
    const retryAfter = Math.ceil(at - now)
    // A subscription, a watch and a seat of each topic, and pages of histories.
    const isExpected = (at - first) / turnMs < 3 * maxTopics + SPARE_WAITING
    if (isExpected) this.#answers.postpone(id, topic, 'rate', 'Too many requests', retryAfter)
    else this.#answers.refuse(id, topic, 'rate', 'Too many requests', { retryAfter })
  }

  /** Counts `count` more questions of a request. If that exceeds the rate, later ones wait. */
  spend(count: number): void {
    this.#rate.spend(count)
  }

  /**
   * Does `task` while the session reads further messages: a permission may take its time. If it
   * rejects, the session fails.
   */
  launch(task: () => Promise<void>): void {
    this.#underWay++
    const counted = (): Promise<void> => task().finally(() => this.#underWay--)
    try {
      this.#session.launch(counted).catch(() => {
        // The session has failed with it.
      })
    } catch (error) {
      // The session is over.
      if (!(error instanceof ScopeEndedError)) throw error
    }
  }
}
