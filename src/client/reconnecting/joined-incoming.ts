/**
 * The `incoming` of a reconnecting connection: the frames of its sessions, one session after
 * another.
 *
 * When a session ends, the frames that it still holds are copied out of shared memory. A reader
 * that pauses during many sessions gets the first frames of each, up to the limits below.
 */

import type { Clock } from '../../base/index.ts'
import type { LoopTurns } from '../../base/internal.ts'
import { JoinedChannel } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import { TextFrame, textPayloadOf } from '../../protocol/portable.ts'

const MAX_KEPT_FRAMES = 128
const MAX_KEPT_LENGTH = 2 * 1024 * 1024

/** Creates the channel. Timeouts of `receive` run on `clock`. */
export function joinIncoming(clock: Clock, loop: LoopTurns): JoinedChannel<Frame> {
  const joined: JoinedChannel<Frame> = new JoinedChannel({
    maxKept: MAX_KEPT_FRAMES,
    maxKeptSize: MAX_KEPT_LENGTH,
    // Need not be exact, so text is not encoded to be measured.
    sizeOf: lengthOf,
    clock,
    delay: () => {
      loop.spend(0)
      return loop.delay(joined)
    },
  })
  return joined
}

/** The approximate size of a frame: bytes, or characters of text that is not encoded yet. */
export function lengthOf(frame: Frame): number {
  return (frame instanceof TextFrame ? textPayloadOf(frame) : frame.buffer).length
}
