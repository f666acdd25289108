/**
 * The `incoming` channel of a session: its settings, and what its frames count for in memory.
 */

import { ChannelSettings } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import { payloadOf, payloadSize } from '../../protocol/internal.ts'
import type { ChannelBounds } from '../channel-bounds.ts'

/** Memory that a waiting frame takes beyond its payload: 250 to 300 bytes on Node 20 (measured). */
export const WAITING_FRAME_BYTES = 256

/** The least that is read past a handler that does not read, to find the end of the peer there. */
const LEAST_AHEAD_BYTES = 64 * 1024

/** The most, whatever the bounds of the channel are. */
const MOST_AHEAD_BYTES = 1024 * 1024

/** Settings that name no session are made once for all sessions of a route. */
const SHARED = new WeakMap<ChannelBounds, ChannelSettings<Frame>>()

/** The settings of a channel with `bounds`. `onDropped` gets the size of a dropped frame. */
export function incomingSettings(
  bounds: ChannelBounds,
  onDropped: (bytes: number) => void,
): ChannelSettings<Frame> {
  const { capacity, maxBytes, onOverflow } = bounds
  const shared = { capacity, maxBytes, onOverflow, sizeOf: frameSize }
  if (onOverflow.startsWith('drop')) {
    return new ChannelSettings({ ...shared, onDropped: (frame) => onDropped(frameSize(frame)) })
  }
  let settings = SHARED.get(bounds)
  if (settings === undefined) {
    settings = new ChannelSettings(shared)
    SHARED.set(bounds, settings)
  }
  return settings
}

/** The frames that wait in a channel, in numbers. */
export interface WaitingFrameCounts {
  /** Of their payloads. */
  readonly bytes: number
  readonly size: number
}

/** Memory that the frames in `channel` take, in bytes. */
export function heldBytesOf(channel: WaitingFrameCounts): number {
  return channel.bytes + channel.size * WAITING_FRAME_BYTES
}

/** How many bytes are kept past a full channel before reading stops for good. */
export function mostAhead(bounds: ChannelBounds, readAhead: number): number {
  return Math.max(Math.min(bounds.maxBytes, MOST_AHEAD_BYTES) + readAhead, LEAST_AHEAD_BYTES)
}

/** How much more is read, when `held` bytes wait, to look for the end of the peer. */
export function leftAhead(bounds: ChannelBounds, readAhead: number, held: number): number {
  return Math.max(mostAhead(bounds, readAhead) - held, LEAST_AHEAD_BYTES)
}

function frameSize(frame: Frame): number {
  return payloadSize(payloadOf(frame))
}
