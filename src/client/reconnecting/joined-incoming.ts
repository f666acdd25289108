/**
 * The `incoming` of many sessions, one after another, as one channel.
 *
 * While a session lives, a frame is taken from it when somebody here has room for it: the session's own bounds hold,
 * and its peer is made to wait as ever. When it has ended, what it still holds waits here for whoever reads, up to a
 * bound: a reader that sleeps through many sessions gets the beginning of each, as if they had been lost a little
 * sooner.
 */

import type { Clock } from '../../base/index.ts'
import type { ReceivedValue } from '../../channels/index.ts'
import { BufferedChannel } from '../../channels/internal.ts'
import type { Frame } from '../../protocol/index.ts'
import { TextFrame, textPayloadOf } from '../../protocol/portable.ts'
import type { ClientSession } from '../opening/client-session.ts'

const MAX_LEFT_FRAMES = 128
const MAX_LEFT_LENGTH = 2 * 1024 * 1024

/** Moves frames. */
export class JoinedIncoming {
  readonly channel: BufferedChannel<Frame>

  /** @param clock what timeouts of `receive` run on. */
  constructor(clock: Clock) {
    this.channel = new BufferedChannel<Frame>(
      // The bound is ours to keep, and need not be exact: a text is not encoded to be measured.
      { capacity: 0, sizeOf: lengthOf },
      { owner: null, hooks: { clock: () => clock } },
    )
  }

  /** Which session has received a frame, for frames shown from now on; `null`: not recorded. */
  origins: WeakMap<Frame, ClientSession> | null = null

  /**
   * Shows what `session` receives, until it is over and empty. Never rejects.
   *
   * @param over fires when the session is over: nobody is waited for any more.
   */
  async show(session: ClientSession, over: AbortSignal): Promise<void> {
    const { incoming } = session
    for (;;) {
      // An end with a cause is the session's, and told by its `closed`.
      const next = await incoming.receiveCatching()
      if (next.type === 'closed') return
      this.origins?.set(next.value, session)
      if (!(await this.#show(next, over))) {
        this.#keepRest(session, next)
        return
      }
    }
  }

  /** @returns whether the frame has been taken. */
  async #show({ value }: ReceivedValue<Frame>, over: AbortSignal): Promise<boolean> {
    if (this.channel.trySend(value) === 'sent') return true
    try {
      await this.channel.send(value, { signal: over })
      return true
    } catch {
      // The session is over, or nobody wants any frames.
      return false
    }
  }

  #keepRest(session: ClientSession, first: ReceivedValue<Frame>): void {
    const { incoming } = session
    const { channel } = this
    if (channel.isClosedForSend) {
      incoming.cancel()
      return
    }
    for (
      let next: ReturnType<typeof incoming.tryReceive> = first;
      next.type === 'value';
      next = incoming.tryReceive()
    ) {
      if (channel.size < MAX_LEFT_FRAMES && channel.bytes < MAX_LEFT_LENGTH) {
        this.origins?.set(next.value, session)
        channel.offer(next.value)
      }
    }
  }
}

/** About the size of a frame: bytes, or characters of a text that has not been encoded. */
export function lengthOf(frame: Frame): number {
  return (frame instanceof TextFrame ? textPayloadOf(frame) : frame.buffer).length
}
