/**
 * The answers of the server to one client. While the client does not read them, the server reads
 * no request.
 */

import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import { CloseReason } from '../../protocol/index.ts'
import type { Outbound } from '../../session/index.ts'
import type { SessionOutlet } from '../node/session-outlet.ts'
import type { TopicsLimitName } from '../topics-events.ts'
import type { TopicsParts } from '../topics-parts.ts'
import type { WireEncoding } from './encodings.ts'
import type { ErrorCode, ServerMessage } from './messages.ts'
import type { Denied } from './permissions.ts'

const TOO_FAST = new CloseReason(4429, 'Too fast')
/** How many requests in a row may be refused. After more, the session is closed with 4429. */
const MAX_REFUSALS = 200

/** The answers of one connection. */
export class WireAnswers {
  readonly #session: DefaultWebSocketServerSession
  readonly #topics: TopicsParts
  readonly #outlet: SessionOutlet
  readonly #encoding: WireEncoding
  #refusals = 0

  constructor(session: DefaultWebSocketServerSession, topics: TopicsParts, encoding: WireEncoding) {
    this.#session = session
    this.#topics = topics
    this.#encoding = encoding
    this.#outlet = topics.outlets.outletOf(session)
  }

  /** Whether the session still accepts messages for the client. */
  get isOpen(): boolean {
    return !this.#session.outgoing.isClosedForSend
  }

  /**
   * Resolves when the client has taken its answers, or is gone. The server reads no request
   * meanwhile: a client that reads nothing cannot fill the memory with answers.
   */
  taken(): Promise<void> | null {
    return this.#outlet.taken()
  }

  /** Sends a message behind the events that are under way. */
  send(message: ServerMessage): void {
    this.sendEncoded(this.#encoding.encode(message))
  }

  sendEncoded(data: Outbound): void {
    this.#outlet.send(data)
  }

  /** A request has succeeded: refusals before it no longer count. */
  succeeded(): void {
    this.#refusals = 0
  }

  /** Refuses what is forbidden, or does not exist. */
  forbid(id: number | null, topic: string, denied: Denied | null): void {
    const more = denied === null ? {} : { denied: { code: denied.code, message: denied.message } }
    this.refuse(id, topic, 'forbidden', 'Not allowed, or no such topic', more)
  }

  /** Refuses a request. Closes the session with 4429 if there are too many refusals in a row. */
  refuse(
    id: number | null,
    topic: string | null,
    code: ErrorCode,
    message: string,
    more: Partial<Extract<ServerMessage, { type: 'error' }>> = {},
  ): void {
    if (++this.#refusals > MAX_REFUSALS) this.closeTooFast('maxRefusals', topic)
    else this.#sendError(id, topic, code, message, more)
  }

  /** Refuses a request that is to come again after `retryAfter`. It counts as no refusal. */
  postpone(
    id: number | null,
    topic: string | null,
    code: ErrorCode,
    message: string,
    retryAfter: number,
  ): void {
    this.#sendError(id, topic, code, message, { retryAfter })
  }

  /** Closes the session with 4429, because the client has exceeded a limit. */
  closeTooFast(limit: TopicsLimitName, topic: string | null): void {
    // Messages that arrived before the Close frame may exceed the limit too.
    if (this.isOpen) this.tellLimit(limit, topic)
    void this.#session.close(TOO_FAST)
  }

  tellLimit(limit: TopicsLimitName, topic: string | null): void {
    this.#topics.monitor.emit('limitReached', { limit, session: this.#session, topic })
  }

  #sendError(
    id: number | null,
    topic: string | null,
    code: ErrorCode,
    message: string,
    more: Partial<Extract<ServerMessage, { type: 'error' }>>,
  ): void {
    const named = topic === null ? {} : { topic }
    this.send({ type: 'error', id, ...named, code, message, ...more })
  }
}
