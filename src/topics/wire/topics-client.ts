/**
 * A client, as permissions and the application see it.
 */

import type { ApplicationCall, DefaultWebSocketServerSession } from '../../application/index.ts'
import type { TopicKind } from '../kind/define-topic.ts'
import type { From } from '../kind/items.ts'

/** One connected client. */
export interface TopicsClient {
  /** Names the client over all of its connections. Not a secret. */
  readonly id: string
  /** The newest token that the client has sent; `null` for none. It has not been checked. */
  readonly token: string | null
  readonly session: DefaultWebSocketServerSession
  /** The request that was upgraded. */
  readonly call: ApplicationCall

  /**
   * Subscribes the client to a topic, without asking for its permission.
   *
   * @returns resolves when the subscription has begun.
   */
  subscribe<Parameters, Event, Input, Meta>(
    kind: TopicKind<Parameters, Event, Input, Meta>,
    parameters: Parameters,
    options?: { readonly from?: From },
  ): Promise<void>
}
