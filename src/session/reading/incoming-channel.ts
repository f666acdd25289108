/**
 * The `incoming` channel of a session: its settings, and the memory that its frames take.
 */

import { loopShareOf } from '../../base/internal.ts'
import { type ChannelHooks, ChannelSettings } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import { payloadOf, payloadSize } from '../../protocol/internal.ts'
import type { ChannelBounds } from '../channel-bounds.ts'
import type { HalfOwner } from '../half-owner.ts'

/** Memory that a waiting frame takes beyond its payload: 250 to 300 bytes on Node 20 (measured). */
export const WAITING_FRAME_BYTES = 256

/**
 * The least number of bytes that is read behind a full channel, to find the end of the connection.
 */
const LEAST_AHEAD_BYTES = 64 * 1024

/** The most, even if the bounds of the channel are larger. */
const MOST_AHEAD_BYTES = 1024 * 1024

/** Settings are made once for all sessions of a route. */
const SHARED = new WeakMap<ChannelBounds, ChannelSettings<Frame>>()

/** Returns the settings of a channel. */
export function incomingSettings(bounds: ChannelBounds): ChannelSettings<Frame> {
  let settings = SHARED.get(bounds)
  if (settings === undefined) {
    settings = new ChannelSettings({ ...bounds, sizeOf: frameSize })
    SHARED.set(bounds, settings)
  }
  return settings
}

/** The number and the size of the frames that wait in a channel. */
export interface WaitingFrameCounts {
  /** The bytes of their payloads. */
  readonly bytes: number
  readonly size: number
}

/** Returns the memory that the frames in `channel` take, in bytes. */
export function heldBytesOf(channel: WaitingFrameCounts): number {
  return channel.bytes + channel.size * WAITING_FRAME_BYTES
}

/** Returns how many bytes are kept behind a full channel before reading stops. */
export function mostAhead(bounds: ChannelBounds, readAhead: number): number {
  return Math.max(Math.min(bounds.maxBytes, MOST_AHEAD_BYTES) + readAhead, LEAST_AHEAD_BYTES)
}

/**
 * Returns how many more bytes are read, when `held` bytes wait, to find the end of the connection.
 */
export function leftAhead(bounds: ChannelBounds, readAhead: number, held: number): number {
  return Math.max(mostAhead(bounds, readAhead) - held, LEAST_AHEAD_BYTES)
}

/** The read half, as its channel sees it. */
export interface IncomingOwner {
  readonly owner: Pick<HalfOwner, 'environment' | 'session'>
  /** `null`: reading has never been held back. */
  readonly heldBack: { roomAgain(): void } | null
  readonly ending: { discard(): void }
  /** An overflow policy has dropped a frame with a payload of `bytes`. */
  dropped(bytes: number): void
}

/** The hooks of the channel, for all sessions. */
export const INCOMING_HOOKS: ChannelHooks<Frame, IncomingOwner> = {
  onRoom: (read) => read.heldBack?.roomAgain(),
  onDropped: (read, frame) => read.dropped(frameSize(frame)),
  onCancel: (read) => read.ending.discard(),
  clock: (read) => read.owner.environment.clock,
  sessionId: (read) => read.owner.session.id,
  onEndReceived: (read) => {
    const share = loopShareOf(read.owner.environment)
    share.spend(0)
    return share.delay(read)
  },
}

function frameSize(frame: Frame): number {
  return payloadSize(payloadOf(frame))
}
