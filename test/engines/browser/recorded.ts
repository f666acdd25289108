/**
 * A session that writes down what its wire tells it.
 */

import { Deferred } from '../../../src/base/internal.ts'
import type { Message } from '../../../src/engines/browser/message.ts'
import type { WireEnd, WireReceiver } from '../../../src/engines/browser/wire.ts'

/** What a wire has told, in order, as words. */
export class Recorded implements WireReceiver {
  readonly told: string[] = []
  end: WireEnd | null = null
  /** Resolves with the end. */
  readonly over = new Deferred<WireEnd>()
  /** What is answered to a message: whether more are wanted. */
  wantsMore = true

  opened(protocol: string): void {
    this.told.push(`opened ${protocol}`)
  }

  receive(message: Message): boolean {
    this.told.push(typeof message === 'string' ? `text ${message}` : `bytes ${message.join(' ')}`)
    return this.wantsMore
  }

  drained(): void {
    this.told.push('drained')
  }

  ended(end: WireEnd): void {
    this.told.push('ended')
    this.end = end
    this.over.resolve(end)
  }
}
