/**
 * The way out of a link: encodes, and sends answers without making their callers wait.
 */

import { SENT } from '../../channels/internal.ts'
import type { Codec } from '../codec.ts'
import type { LinkPort, Wire } from './port.ts'

/** Answers that wait for room in the queue of the session. */
const MAX_WAITING_POSTS = 1024

/** Sends. */
export class Outbox {
  readonly #port: LinkPort
  readonly #codec: Codec
  #waitingPosts = 0
  /** Called when there is room for answers again. */
  onPosted: (() => void) | null = null

  constructor(port: LinkPort, codec: Codec) {
    this.#port = port
    this.#codec = codec
  }

  /**
   * Whether more answers wait for room than a peer within its limits can cause. Nothing more is
   * then read from the peer: it sends, and does not read its answers.
   */
  get isFlooded(): boolean {
    return this.#waitingPosts >= MAX_WAITING_POSTS
  }

  /** @throws what the codec throws for a value that its format does not have. */
  encode(message: object): Wire {
    return this.#codec.encode(message)
  }

  /**
   * Sends an answer, or what belongs to a request that is under way. Resolves when it is in the
   * queue of the session, or the session is over; never rejects.
   *
   * @returns `SENT` if that is so already.
   * @throws as `encode`.
   */
  post(message: object): Promise<void> {
    const wire = this.encode(message)
    if (this.#port.trySend(wire) !== 'full') return SENT
    this.#waitingPosts++
    const posted = (): void => {
      this.#waitingPosts--
      if (this.#waitingPosts === MAX_WAITING_POSTS - 1) this.onPosted?.()
    }
    return this.#port.send(wire).then(posted, posted)
  }
}

/** Handles an outcome that is reported elsewhere, or that no caller needs. */
export function ignore(): void {}
