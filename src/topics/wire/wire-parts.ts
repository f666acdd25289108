/**
 * What the parts of one connection of the wire protocol share.
 */

import type { DefaultWebSocketServerSession } from '../../application/index.ts'
import type { TopicsParts } from '../topics-parts.ts'
import type { WireEncoding } from './encodings.ts'
import type { Permissions } from './permissions.ts'
import type { TopicsClient } from './topics-client.ts'
import type { WireAnswers } from './wire-answers.ts'

/** The parts. */
export interface WireParts {
  readonly client: TopicsClient
  readonly session: DefaultWebSocketServerSession
  readonly topics: TopicsParts
  readonly permissions: Permissions
  readonly encoding: WireEncoding
  readonly answers: WireAnswers
}
