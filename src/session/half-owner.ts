/**
 * The session core, as both halves of a session see it.
 */

import type { Environment } from '../base/internal.ts'
import type { CloseReason } from '../protocol/internal.ts'
import type { SessionLimitName } from './limit-name.ts'
import type { SessionExtensions } from './session-extensions.ts'
import type { SessionOwner } from './session-owner.ts'
import type { SessionObserver, SessionSettings } from './settings.ts'

/** The owner of both halves. Only `SessionCore` implements it. */
export interface HalfOwner {
  readonly settings: SessionSettings
  readonly environment: Environment
  readonly observer: SessionObserver
  /** The session that is passed to the observer. */
  readonly session: SessionOwner
  /** `null`: the handshake agreed on none. */
  readonly extensions: SessionExtensions | null
  /** Notes the time of each send; `null`: the session has no time limit. */
  readonly activity: { active(): void } | null

  /** `null` until the end begins. */
  readonly ending: object | null

  /** Receives pongs, and pauses while nothing is read; `null`: the session has sent no pings. */
  readonly pings: {
    pause(isPaused: boolean): void
    /** @returns the round-trip time in milliseconds if it answers our ping, else `null`. */
    ponged(payload: Uint8Array): number | null
  } | null

  /**
   * Fails the connection (RFC 6455 §7.1.7): what was accepted goes out, then Close with `reason`,
   * then TCP ends, without waiting for the peer's Close. Later bytes of the peer are dropped, and
   * `incoming` fails with `cause`.
   *
   * @param limit the limit that was reached; by default the one that `cause` names.
   */
  fail(reason: CloseReason, cause: Error, limit?: SessionLimitName | null): void

  // Calls of the read half

  /** The peer's Close frame has arrived. `answer`: the session answers it (RFC 6455 §5.5.1). */
  peerClosed(reason: CloseReason | null, answer: boolean): void
  /** The peer will send nothing more, and everything that it sent has been decoded. */
  endReached(): void
  /** The transport is gone. Everything that had arrived has been decoded. */
  transportClosed(cause: Error | null): void

  // Calls of the write half

  /** The handler sends a Close frame: see `WebSocketSession.close`. */
  close(reason: CloseReason): Promise<void>

  /** Drops the connection at once: a peer that does not read cannot be told why. */
  terminate(cause: Error): void
  /** The last bytes have been given to the transport, which may still be sending them. */
  closeWritten(): void
}
