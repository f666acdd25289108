/**
 * The settings of one session, complete and checked: what a plugin's options come down to.
 */

import type { AgreedExtension } from '../extensions/internal.ts'
import type { CloseInfo } from './close-info.ts'
import type { LatestBy } from './latest-by.ts'
import type { SessionLimitName } from './limit-name.ts'

/** What a channel does when it is full; see `ChannelOptions.onOverflow`. */
export type OverflowPolicy = 'suspend' | 'close' | 'drop-oldest' | 'drop-latest'

/** The bound of one direction. */
export interface ChannelBounds {
  /** Frames. */
  readonly capacity: number
  /** Payload bytes; one frame that is larger still passes, alone. */
  readonly maxBytes: number
  readonly onOverflow: OverflowPolicy
}

/** The bound of what is sent. */
export interface OutgoingBounds extends Omit<ChannelBounds, 'onOverflow'> {
  readonly onOverflow: OverflowPolicy | LatestBy
}

/** Everything that a session is told at its start. Times are in milliseconds, sizes in bytes. */
export interface SessionSettings {
  readonly role: 'server' | 'client'
  readonly id: string
  readonly protocol: string | null
  /** What the handshake has agreed on, in the order of installation; absent is none. Raw sessions have none. */
  readonly extensions?: readonly AgreedExtension[]
  /** `null`: no pings. */
  readonly pingInterval: number | null
  readonly timeout: number
  /** How long the ending may stand still before the transport is aborted: see `ClosingDeadline`. */
  readonly closeTimeout: number
  readonly maxFrameSize: number
  /** Payload of one message, reassembled. */
  readonly maxMessageSize: number
  readonly maxFragments: number
  readonly masking: boolean
  readonly incoming: ChannelBounds
  readonly outgoing: OutgoingBounds
  /** How many bytes past a full `incoming` are still read, to find pings and Close frames (invariant 9). */
  readonly readAhead: number
  /** Messages, on raw sessions frames, that may come in; `Infinity`: any number. */
  readonly maxMessagesPerSecond: number
  /** Bytes of any kind, as they travel. */
  readonly maxBytesPerSecond: number
  /** Pings and pongs. */
  readonly maxControlFramesPerSecond: number
  /** How much time's worth of each rate may come at once. */
  readonly rateBurst: number
  /** What happens past the rate of messages or bytes. */
  readonly onRateLimit: 'wait' | 'close'
  /** How long a write may stand still; `null`: for ever. */
  readonly writeTimeout: number | null
  /** How long neither side may send anything; `null`: for ever. */
  readonly idleTimeout: number | null
  /** How long a session may live; `null`: for ever. */
  readonly maxSessionDuration: number | null
  /** Whether questions of heartbeats are answered below the handler; raw sessions show them. */
  readonly answerHeartbeats: boolean
}

/** What the owner of a session hears about it. Each method is called at most as often as it says, and must not throw. */
export interface SessionObserver {
  /** The handler, or a launched task, failed: once a session. */
  handlerFailed(error: unknown): void
  /** A limit was reached: the first that ends the session, and then perhaps `closeTimeout`. */
  limitReached(limit: SessionLimitName, error: Error): void
  /** A frame was dropped by an overflow policy; `bytes` is its payload's size. */
  frameDropped(direction: 'incoming' | 'outgoing', bytes: number): void
  /** At most so many bytes more are held than before. On the path of every read. */
  buffered(bytes: number): void
  /**
   * Runs `task` in the async context of the session: `closed`, and what its `signal` tells its listeners.
   * Absent where the caller's context will do.
   */
  readonly within?: (task: () => void) => void

  /**
   * The handler has returned while the session was open and something that it started still waited to
   * receive. Absent where there is no log to write to.
   */
  readingAbandoned?(): void
  /** The session is over: once, last. */
  closed(info: CloseInfo): void
}
