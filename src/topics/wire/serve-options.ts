/**
 * The options of `topics.serve`, and what all of its connections share.
 */

import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import type { TopicsParts } from '../topics-parts.ts'
import type { ClientNames } from './client-names.ts'
import type { Permissions } from './permissions.ts'
import type { TopicsClient } from './topics-client.ts'

/** Options of `topics.serve`. */
export interface ServeOptions {
  /**
   * Whether a client may stay. Called with the token of `hello`, and with each new one; `null` if
   * there is none. Any result but `true` closes the session with 4401. @defaultValue every client
   * may stay
   */
  readonly authenticate?: (asked: {
    readonly session: DefaultWebSocketServerSession
    readonly token: string | null
  }) => boolean | Promise<boolean>
  /** Runs after `hello`. It may subscribe the client to topics. */
  readonly connected?: (client: TopicsClient) => Promise<void> | void
}

/** What all connections of a route share. */
export interface WireService {
  readonly topics: TopicsParts
  readonly permissions: Permissions
  readonly names: ClientNames
  readonly options: ServeOptions
}
