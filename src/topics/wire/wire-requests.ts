/**
 * The requests of one client that cost the application or the broker a question: how many per
 * second, and how many at a time.
 */

import { ScopeEndedError } from '../../base/index.ts'
import { TokenBucket } from '../../base/internal.ts'
import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import type { TopicsParts } from '../topics-parts.ts'
import type { WireAnswers } from './wire-answers.ts'

const BURST_MS = 1000
const RETRY_AFTER_MS = 1000
const SPARE_UNDER_WAY = 32

/** The requests of one connection. */
export class WireRequests {
  readonly #session: DefaultWebSocketServerSession
  readonly #answers: WireAnswers
  readonly #rate: TokenBucket
  readonly #maxUnderWay: number
  #underWay = 0

  constructor(
    session: DefaultWebSocketServerSession,
    { node, settings }: TopicsParts,
    answers: WireAnswers,
  ) {
    this.#session = session
    this.#answers = answers
    const { maxSubscribesPerSecond, maxTopics } = settings
    this.#rate = new TokenBucket(node.environment.clock, maxSubscribesPerSecond, BURST_MS)
    // Presence keeps one request under way for each topic that the client watches.
    this.#maxUnderWay = 2 * maxTopics + SPARE_UNDER_WAY
  }

  /** Takes one request from the rate, or refuses it. */
  mayAsk(id: number | null, topic: string | null): boolean {
    if (!this.#rate.take()) {
      this.#answers.tellLimit('maxSubscribesPerSecond', topic)
      const retryAfter = Math.ceil(this.#rate.msUntilToken)
      this.#answers.refuse(id, topic, 'rate', 'Too many requests', { retryAfter })
      return false
    }
    if (this.#underWay < this.#maxUnderWay) return true
    this.#answers.tellLimit('maxUnderWay', topic)
    const retryAfter = RETRY_AFTER_MS
    this.#answers.refuse(id, topic, 'busy', 'Too many requests are under way', { retryAfter })
    return false
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
