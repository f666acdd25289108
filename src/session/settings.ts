/**
 * The settings of one session, complete and checked: what a plugin's options come down to.
 */

import type { CloseInfo } from './close-info.ts'

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

/** Everything that a session is told at its start. Times are in milliseconds, sizes in bytes. */
export interface SessionSettings {
  readonly role: 'server' | 'client'
  readonly id: string
  readonly protocol: string | null
  /** `null`: no pings. */
  readonly pingInterval: number | null
  readonly timeout: number
  /** One absolute deadline for the whole closing, after which the transport is aborted. */
  readonly closeTimeout: number
  readonly maxFrameSize: number
  /** Payload of one message, reassembled. */
  readonly maxMessageSize: number
  readonly maxFragments: number
  readonly masking: boolean
  readonly incoming: ChannelBounds
  readonly outgoing: ChannelBounds
  /** How many bytes past a full `incoming` are still read, to find pings and Close frames (invariant 9). */
  readonly readAhead: number
}

/** What the owner of a session hears about it. Each method is called at most as often as it says, and must not throw. */
export interface SessionObserver {
  /** The handler, or a launched task, failed: once a session. */
  handlerFailed(error: unknown): void
  /** A limit ended the session: once a session, with the typed error. */
  limitReached(error: Error): void
  /** A frame was dropped by an overflow policy; `bytes` is its payload's size. */
  frameDropped(direction: 'incoming' | 'outgoing', bytes: number): void
  /** The session is over: once, last. */
  closed(info: CloseInfo): void
}
