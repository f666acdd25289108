/**
 * Presence: the members of a topic.
 */

import type { WebSocketSession } from '../../session/index.ts'

/** A member. One key may have several connections. */
export interface Member<Meta = unknown> {
  readonly key: string
  /** The newest meta of this key. Do not change it. */
  readonly meta: Meta
}

/** A change, or the members at the beginning. */
export type PresenceChange<Meta = unknown> =
  /**
   * Comes first, and again when a loop was too slow or the copies were read again. It has at
   * most `listed` members and 512 KiB of JSON; `count` is the number of all.
   */
  | {
      readonly type: 'members'
      readonly members: ReadonlyArray<Member<Meta>>
      readonly count: number
    }
  | { readonly type: 'joined'; readonly member: Member<Meta> }
  | { readonly type: 'updated'; readonly member: Member<Meta> }
  | { readonly type: 'left'; readonly member: Member<Meta> }
  /**
   * Replaces single changes while `members` cannot have all members. At most once per second.
   */
  | { readonly type: 'count'; readonly count: number }

/**
 * `full`: the members and every change. `count`: only how many there are, at most once a second.
 */
export type PresenceMode = 'full' | 'count'

/** The members as a list. */
export interface PresenceList<Meta = unknown> {
  /** At most `listed`, in no order. */
  readonly members: ReadonlyArray<Member<Meta>>
  /** How many there are. */
  readonly count: number
  /** Whether every live process has answered. */
  readonly complete: boolean
}

/** A session's place among the members. It ends with the session. */
export interface Seat<Meta> extends AsyncDisposable {
  readonly key: string
  /** Changes the meta of the key. Ignored after the seat has ended. */
  update(meta: Meta): void
  /** Leaves at once. Idempotent. */
  leave(): void
}

/** How a session joins. */
export interface JoinOptions {
  /**
   * Reserves the key: only sessions with the same holder may have it, over all processes. 1 to 255
   * bytes of UTF-8, such as the id of a user or a secret of a browser tab. The broker gets a hash.
   *
   * Give a holder in every `join` of the topic: a `join` without one does not ask.
   *
   * @defaultValue absent: the key is not reserved
   */
  readonly holder?: string

  /**
   * Called once if another holder got the key, because this process could not be heard for longer
   * than `nodeTimeout`. The seat has ended before. Only with `holder`.
   *
   * @defaultValue closes the session with 4103 `Key taken`
   */
  readonly lost?: () => void
}

/** The presence of one topic. */
export interface Presence<Meta = unknown> {
  /**
   * Makes `key` a member for as long as the session lasts. A session that breaks off counts for
   * `grace` more; one that closes with 1000, or leaves, does not.
   *
   * @throws {TypeError} for a key that is not 1 to 255 bytes; {PublishRefusedError} for a meta that
   *   is too large or does not fit its schema. With `holder` also {PresenceKeyTakenError} when
   *   another holder has the key, and {BrokerUnavailableError} when the broker cannot say.
   */
  join(
    session: WebSocketSession,
    key: string,
    meta: Meta,
    options?: JoinOptions,
  ): Promise<Seat<Meta>>

  /** The current members. Waits at most 1 s for processes that have not answered. */
  list(): Promise<PresenceList<Meta>>

  /** How many members there are. */
  count(): Promise<number>

  /**
   * The members, and then every change; in the mode `count`, `count` at the beginning and after
   * changes.
   */
  changes(options?: {
    /** @defaultValue 'full' */
    readonly mode?: PresenceMode
    readonly signal?: AbortSignal
  }): AsyncIterableIterator<PresenceChange<Meta>>
}
