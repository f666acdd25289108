/**
 * The messages of the protocol that `topics.serve` speaks, in any encoding: see
 * docs/topics-wire.md.
 */

import type { From, GapReason, Position } from '../kind/items.ts'
import type { Member, PresenceMode } from '../presence/presence.ts'

/** The subprotocol with messages in JSON. */
export const JSON_PROTOCOL = 'v1.json.topics.towpath'

/** The subprotocol with messages in bytes. */
export const BINARY_PROTOCOL = 'v1.binary.topics.towpath'

/** How long the server waits for `hello`, in milliseconds. */
export const HELLO_TIMEOUT_MS = 5000

/** How many publishes of one client may be unanswered. */
export const MAX_UNANSWERED = 32

/** How many events an answer to `history` has at most. */
export const MAX_HISTORY_EVENTS = 100

/** A topic that a client had before its connection was lost. */
export interface ResumedTopic extends Position {
  readonly topic: string
  /** Milliseconds since the last frame of the old session. */
  readonly away?: number
}

/** Where `history` begins to read. */
export type HistoryFrom = 'start' | { readonly last: number } | Position

/** A message of a client, checked. */
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
      /** A JSON value, or bytes. */
      readonly data: unknown
    }
  | {
      readonly type: 'history'
      readonly id: number
      readonly topic: string
      readonly from: HistoryFrom
      /** Only events with a lower offset; `null`: all. */
      readonly before: number | null
      readonly limit: number
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

/** Why the server refuses a request. */
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
  | 'taken'
  | 'unknown'

/** An event in a message. */
export interface EventFields {
  /** `null` in a topic without history. */
  readonly offset: number | null
  readonly at: number
  readonly key?: string | null
  readonly publisher?: string | null
  /** A JSON value. Absent if there is `bytes`. */
  readonly data?: unknown
  /** Base64 in JSON. */
  readonly bytes?: string | Uint8Array
}

/** A message of the server. */
export type ServerMessage =
  | {
      readonly type: 'welcome'
      readonly client: string
      readonly limits: {
        readonly topics: number
        readonly eventBytes: number
        readonly publishesPerSecond: number
        readonly unanswered: number
        /** Bytes of one message of the client. Absent: no limit, or an older server. */
        readonly messageBytes?: number
      }
      /** How long the server recognises a repeated publish, in milliseconds. */
      readonly dedupe: number
      readonly features: readonly string[]
    }
  | {
      readonly type: 'subscribed'
      /** `null` for a topic of `hello`, and for one that the server has subscribed to by itself. */
      readonly id: number | null
      readonly topic: string
      /** Names the topic in events in the binary encoding. */
      readonly number: number
      /** `null` in a topic without history. */
      readonly epoch: string | null
      readonly offset: number | null
      readonly resumed: boolean
    }
  | { readonly type: 'unsubscribed'; readonly id: number; readonly topic: string }
  | { readonly type: 'live'; readonly topic: string }
  | ({ readonly type: 'event'; readonly topic: string } & EventFields)
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
      readonly type: 'history'
      readonly id: number
      readonly topic: string
      readonly epoch: string
      readonly head: number
      /** Whether no event is missing between the place that was asked for and the first event. */
      readonly complete: boolean
      readonly events: readonly EventFields[]
    }
  | {
      readonly type: 'error'
      readonly id: number | null
      readonly topic?: string | null
      readonly code: ErrorCode
      readonly message: string
      /** Milliseconds. Present if another attempt may succeed. */
      readonly retryAfter?: number | null
      /** The application's own reason. */
      readonly denied?: { readonly code: string; readonly message: string } | null
    }
  | {
      readonly type: 'denied'
      readonly topic: string
      readonly code: string
      readonly message: string
    }
  /** Answers `presence`, `join` and `leave`. */
  | {
      readonly type: 'done'
      readonly id: number
      readonly topic: string
      readonly key?: string | null
    }
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
