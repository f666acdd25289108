/**
 * How the writing of one session ends: its last frame, and the callers that wait until that frame
 * is on its way. Made when the end begins.
 */

import { Deferred } from '../../base/internal.ts'
import type { CloseReason } from '../../protocol/internal.ts'

/** The last frame of a session: the reason of a Close frame, `null` for an empty Close frame. */
export type LastFrame = { readonly reason: CloseReason | null } | 'none'

/** The end of what one session writes. */
export class WriteEnding {
  /** What is still to be written behind everything that was accepted; `null`: nothing. */
  last: LastFrame | null = null
  /** The last frame has been given to the transport, or the transport is gone. */
  isOver = false
  /** Whether our Close frame has been given to the transport. */
  isCloseWritten = false
  #handedOver: Deferred<void> | null = null

  /** Whether frames that are still to come are refused. */
  get hasBegun(): boolean {
    return this.isOver || this.last !== null
  }

  /** Nothing follows: the last frame has been given to the transport. */
  written(): void {
    this.isOver = true
    this.isCloseWritten = this.last !== 'none'
    this.last = null
  }

  /** The transport is gone: whatever is left is lost. */
  lost(): void {
    this.isOver = true
    this.last = null
    this.handedOver()
  }

  /** Resolves at `handedOver`. */
  wait(): Promise<void> {
    this.#handedOver ??= new Deferred()
    return this.#handedOver.promise
  }

  /** The operating system has the last bytes, or the transport is gone. */
  handedOver(): void {
    this.#handedOver?.resolve()
  }
}
