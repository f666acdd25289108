/**
 * The `incoming` of a reconnecting connection: the frames of its sessions, one session after another.
 *
 * A session moves the frames that it still holds out of shared memory when it ends.
 *
 * A reader that sleeps through many sessions gets the first frames of each, up to the bounds here.
 */

import type { Clock } from '../../base/index.ts'
import type { LoopTurns } from '../../base/internal.ts'
import { JoinedChannel } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import { TextFrame, textPayloadOf } from '../../protocol/portable.ts'

const MAX_KEPT_FRAMES = 128
const MAX_KEPT_LENGTH = 2 * 1024 * 1024

/** Makes the channel; timeouts of `receive` run on `clock`. */
export function joinIncoming(clock: Clock, loop: LoopTurns): JoinedChannel<Frame> {
  const joined: JoinedChannel<Frame> = new JoinedChannel({
    maxKept: MAX_KEPT_FRAMES,
    maxKeptSize: MAX_KEPT_LENGTH,
    // Need not be exact, so a text is not encoded to be measured.
    sizeOf: lengthOf,
    clock,
    delay: () => {
      loop.spend(0)
      return loop.delay(joined)
    },
  })
  return joined
}

/** About the size of a frame: bytes, or characters of a text that is not encoded yet. */
export function lengthOf(frame: Frame): number {
  return (frame instanceof TextFrame ? textPayloadOf(frame) : frame.buffer).length
}
