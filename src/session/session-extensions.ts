/**
 * The extensions of one session: opened with it, disposed of with it.
 */

import type { Environment } from '../base/internal.ts'
import type { ExtensionContext, ExtensionSession } from '../extensions/index.ts'
import type { SessionSettings } from './settings.ts'

/** What the handshake has agreed on, at work. */
export class SessionExtensions {
  /** The reserved bits that they give a meaning to: RSV1 is 4. */
  readonly claimedBits: number
  /** In the order of installation. */
  readonly outgoing: readonly ExtensionSession[]
  /** The other way round. */
  readonly incoming: readonly ExtensionSession[]
  readonly #failed: (error: unknown) => void
  #isIncomingOver = false
  #isOutgoingOver = false

  /**
   * Opens those of `settings`; `null` if there are none.
   *
   * @param failed called when an extension cannot go on.
   */
  static open(
    settings: SessionSettings,
    environment: Environment,
    failed: (error: unknown) => void,
  ): SessionExtensions | null {
    const { extensions = [] } = settings
    return extensions.length === 0 ? null : new SessionExtensions(settings, environment, failed)
  }

  private constructor(
    { extensions = [], role, maxMessageSize }: SessionSettings,
    { timers }: Environment,
    failed: (error: unknown) => void,
  ) {
    const context: ExtensionContext = {
      role,
      maxMessageSize,
      schedule: (delayMs, task) => timers.schedule(delayMs, task),
    }
    this.outgoing = extensions.map(({ agreement }) => agreement.open(context))
    this.incoming = [...this.outgoing].reverse()
    this.claimedBits = extensions.reduce((bits, { reservedBits }) => bits | reservedBits, 0)
    this.#failed = failed
  }

  /** Whether nothing comes in any more: the session has ended, or one of them has failed. */
  get isIncomingOver(): boolean {
    return this.#isIncomingOver
  }

  /** Whether nothing goes out any more: the session has ended, or an extension failed to send. */
  get isOutgoingOver(): boolean {
    return this.#isOutgoingOver
  }

  /**
   * An extension failed on a received message: nothing comes in any more, and the session fails.
   * What the handler answers to earlier messages still goes out.
   */
  failIncoming(error: unknown): void {
    if (this.#isIncomingOver) return
    this.#isIncomingOver = true
    this.#failed(error)
  }

  /** An extension failed on a message to send: nothing passes any more, and the session fails. */
  failOutgoing(error: unknown): void {
    if (this.#isOutgoingOver) return
    this.#isIncomingOver = true
    this.#isOutgoingOver = true
    this.#failed(error)
  }

  /** The connection is gone: what they hold is given back at once. Called once. */
  dispose(): void {
    this.#isIncomingOver = true
    this.#isOutgoingOver = true
    for (const extension of this.outgoing) extension.dispose()
  }
}
