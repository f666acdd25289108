/**
 * The messages of the JSON protocol `v1.json.topics.towpath`: see docs/topics-wire.md.
 */

import type { From, GapReason, Position } from '../kind/items.ts'
import type { Member, PresenceMode } from '../presence/presence.ts'

/** The subprotocol. */
export const JSON_PROTOCOL = 'v1.json.topics.towpath'

/** How long the server waits for `hello`, in milliseconds. */
export const HELLO_TIMEOUT_MS = 5000

/** Publishes of one client that may be unanswered at a time. */
export const MAX_UNANSWERED = 32

/** A topic that a client had before its connection broke. */
export interface ResumedTopic extends Position {
  readonly topic: string
  /** Milliseconds since the last frame of the old session. */
  readonly away?: number
}

/** What a client says. */
export type ClientMessage =
  | {
      readonly type: 'hello'
      readonly client: string | null
      readonly token: string | null
      readonly topics: ReadonlyArray<ResumedTopic | { readonly topic: string; readonly from: From }>
    }
  | {
      readonly type: 'subscribe'
      readonly id: number
      readonly topic: string
      readonly from: From
    }
  | { readonly type: 'unsubscribe'; readonly id: number; readonly topic: string }
  | {
      readonly type: 'publish'
      readonly id: number
      readonly topic: string
      readonly seq: number
      readonly key: string | null
      /** JSON, or bytes. */
      readonly data: unknown
    }
  | { readonly type: 'token'; readonly token: string | null }
  | {
      readonly type: 'presence'
      readonly id: number
      readonly topic: string
      readonly mode: PresenceMode | 'off'
    }
  | { readonly type: 'join'; readonly id: number; readonly topic: string; readonly meta: unknown }
  | { readonly type: 'leave'; readonly id: number; readonly topic: string }
  | {
      readonly type: 'unknown'
      readonly id: number | null
      readonly named: string
    }

/** Why something was refused. */
export type ErrorCode =
  | 'forbidden'
  | 'name'
  | 'limit'
  | 'rate'
  | 'size'
  | 'schema'
  | 'busy'
  | 'order'
  | 'unavailable'
  | 'uncertain'
  | 'unknown'

/** What a server says. */
export type ServerMessage =
  | {
      readonly type: 'welcome'
      readonly client: string
      readonly limits: {
        readonly topics: number
        readonly eventBytes: number
        readonly publishesPerSecond: number
        readonly unanswered: number
      }
      /** How long a repeated publish is recognised, in milliseconds. */
      readonly dedupe: number
      readonly features: readonly string[]
    }
  | {
      readonly type: 'subscribed'
      /** `null` for a topic of `hello`. */
      readonly id: number | null
      readonly topic: string
      /** `null` in a topic without history. */
      readonly epoch: string | null
      readonly offset: number | null
      readonly resumed: boolean
    }
  | { readonly type: 'unsubscribed'; readonly id: number; readonly topic: string }
  | { readonly type: 'live'; readonly topic: string }
  | {
      readonly type: 'event'
      readonly topic: string
      readonly offset: number | null
      readonly at: number
      readonly key?: string
      readonly publisher?: string
      /** JSON. Absent where there is `bytes`. */
      readonly data?: unknown
      /** Base64. */
      readonly bytes?: string
    }
  | {
      readonly type: 'gap'
      readonly topic: string
      readonly after: number | null
      readonly before: number | null
      readonly missed: number | null
      readonly reason: GapReason
      readonly epoch: string | null
    }
  | { readonly type: 'skipped'; readonly topic: string; readonly count: number | null }
  | {
      readonly type: 'published'
      readonly id: number
      readonly epoch: string | null
      readonly offset: number | null
      readonly duplicate: boolean
    }
  | {
      readonly type: 'error'
      readonly id: number | null
      readonly topic?: string
      readonly code: ErrorCode
      readonly message: string
      /** Milliseconds. Present when another attempt may succeed. */
      readonly retryAfter?: number
      /** What the application says beside. */
      readonly denied?: { readonly code: string; readonly message: string }
    }
  | {
      readonly type: 'denied'
      readonly topic: string
      readonly code: string
      readonly message: string
    }
  /** Answers `presence`, `join` and `leave`. */
  | { readonly type: 'done'; readonly id: number; readonly topic: string; readonly key?: string }
  | {
      readonly type: 'members'
      readonly topic: string
      readonly members: readonly Member[]
      readonly count: number
    }
  | {
      readonly type: 'joined' | 'updated' | 'left'
      readonly topic: string
      readonly member: Member
    }
  | { readonly type: 'count'; readonly topic: string; readonly count: number }
  | { readonly type: 'broker'; readonly state: 'connecting' | 'up' | 'down' | 'closed' }
