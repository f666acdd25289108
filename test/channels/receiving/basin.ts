/** A channel that a test holds in its hands. */

import { VirtualClock } from '../../../src/base/index.ts'
import { type ChannelEnd, NORMAL_END } from '../../../src/channels/channel-end.ts'
import {
  type Nothing,
  NOTHING,
  type ReceiveCore,
  type Receiver,
  releaseReceivers,
} from '../../../src/channels/receiving/receive-core.ts'
import { WaitQueue } from '../../../src/channels/wait-queue.ts'

/** The least that a channel can be: what it holds is set by the test. */
export class Basin implements ReceiveCore<number> {
  readonly values: number[] = []
  readonly queue = new WaitQueue<Receiver<number>>()
  readonly clock = new VirtualClock()
  end: ChannelEnd | null = null
  delay: Promise<void> | null = null

  takeNext(): number | Nothing {
    return this.values.shift() ?? NOTHING
  }

  join(receiver: Receiver<number>): void {
    this.queue.append(receiver)
  }

  leave(receiver: Receiver<number>): void {
    this.queue.remove(receiver)
  }

  release(owner: object): void {
    releaseReceivers(this.queue, owner)
  }

  cancel(): void {
    this.end = NORMAL_END
  }
}
