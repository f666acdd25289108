/**
 * The settings of one session, complete and checked, and the interfaces of code that observes the
 * session.
 */

import type { AgreedExtension } from '../extensions/internal.ts'
import type { CloseInfo } from './close-info.ts'
import type { SessionLimitName } from './limit-name.ts'
import type { RouteSettings } from './session-options.ts'
import type { WebSocketSession } from './session.ts'

/**
 * The settings of one session: the settings of its route, and the result of its handshake. Sessions
 * may share them.
 */
export interface SessionSettings extends RouteSettings {
  readonly role: 'server' | 'client'
  /** Absent: the session makes its id when it is first read; most ids never are. */
  readonly id?: string
  readonly protocol: string | null
  /**
   * The extensions that the handshake agreed on, in the order of installation; absent for none. Raw
   * sessions have none.
   */
  readonly extensions?: readonly AgreedExtension[]
}

/** The heartbeat of a client, as its session sees it. */
export interface HeartbeatListener {
  /** A message has arrived, whether or not the reader takes it. */
  heard(): void
  /**
   * Whether a text message is the server's answer to a question. The reader does not receive the
   * answer.
   */
  takes(text: string | Uint8Array): boolean
  /** The transport is read again: an answer could not arrive until now. */
  readingResumed(): void
}

/**
 * Receives the events of sessions. One observer may serve many sessions, so the last argument of
 * each method but `buffered` is the session. `Session` is the class that was constructed with this
 * observer. The methods must not throw.
 */
export interface SessionObserver<Session extends WebSocketSession = WebSocketSession> {
  /** The handler or a launched task failed. Called once for a session at most. */
  handlerFailed(error: unknown, session: Session): void
  /**
   * A limit was reached: the first limit that ends the session, and then perhaps `closeTimeout`.
   */
  limitReached(limit: SessionLimitName, error: Error, session: Session): void
  /** An overflow policy dropped a frame; `bytes` is the size of its payload. */
  frameDropped(direction: 'incoming' | 'outgoing', bytes: number, session: Session): void
  /**
   * A session may hold up to `bytes` more than before. Called on every read, so the session itself
   * need not be touched.
   */
  buffered(bytes: number): void
  /**
   * Runs `task` in the async context of the session: the call of `closed`, and the listeners of the
   * session's `signal`. Absent: the context of the caller is kept.
   */
  within?(task: () => void, session: Session): void
  /**
   * The handler returned while the session was open and a task of the handler still waited to
   * receive. Optional: for observers that write a log.
   */
  readingAbandoned?(session: Session): void
  /** A ping of the session was answered after `roundTripMs`. Optional: for metrics. */
  pingAnswered?(roundTripMs: number, session: Session): void
  /** The session is over. Called once. */
  closed(info: CloseInfo, session: Session): void
  /**
   * The session is over, and its handler and all its tasks have ended: the last call of all. Only
   * for sessions that run a handler.
   */
  left?(session: Session): void
}
