/**
 * The settings of one session, complete and checked, and the interface of the session's owner.
 */

import type { AgreedExtension } from '../extensions/internal.ts'
import type { CloseInfo } from './close-info.ts'
import type { SessionLimitName } from './limit-name.ts'
import type { RouteSettings } from './session-options.ts'

/** The settings of one session: those of its route, and its own. */
export interface SessionSettings extends RouteSettings {
  readonly role: 'server' | 'client'
  readonly id: string
  readonly protocol: string | null
  /**
   * The extensions that the handshake agreed on, in the order of installation; absent for none. Raw
   * sessions have none.
   */
  readonly extensions?: readonly AgreedExtension[]
}

/** What the heartbeat of a client hears from its session. */
export interface HeartbeatListener {
  /** A message has arrived, whether or not the reader takes it. */
  heard(): void
  /** Whether a text message is the server's answer to a question; the reader does not see it then. */
  takes(text: string | Uint8Array): boolean
  /** The transport is read again: until now an answer could not be seen. */
  readingResumed(): void
}

/**
 * Events of a session, for its owner. Each method is called at most as often as it says, and must not
 * throw.
 */
export interface SessionObserver {
  /** The handler, or a launched task, failed: once a session. */
  handlerFailed(error: unknown): void
  /** A limit was reached: the first that ends the session, and then perhaps `closeTimeout`. */
  limitReached(limit: SessionLimitName, error: Error): void
  /** A frame was dropped by an overflow policy; `bytes` is its payload's size. */
  frameDropped(direction: 'incoming' | 'outgoing', bytes: number): void
  /** The session holds at most `bytes` more than before. Called for every read. */
  buffered(bytes: number): void
  /**
   * Runs `task` in the async context of the session: `closed`, and the listeners of its `signal`.
   * Absent where the caller's context will do.
   */
  readonly within?: (task: () => void) => void

  /**
   * The handler has returned while the session was open and a task that it started still waited to
   * receive. Absent where there is no log to write to.
   */
  readingAbandoned?(): void
  /** The session is over: once, last. */
  closed(info: CloseInfo): void
}
