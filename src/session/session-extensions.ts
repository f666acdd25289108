/**
 * The extensions of one session. They are opened with the session, and disposed of at its end.
 */

import type { Environment } from '../base/internal.ts'
import type { ExtensionContext, ExtensionSession } from '../extensions/index.ts'
import type { AgreedExtension } from '../extensions/internal.ts'
import type { SessionSettings } from './settings.ts'

/** The extensions that the handshake agreed on. */
export class SessionExtensions {
  /** The reserved bits that the extensions use: RSV1 is 4. */
  readonly claimedBits: number
  /** In the order of installation. */
  readonly outgoing: readonly ExtensionSession[]
  /** In the reverse order. */
  readonly incoming: readonly ExtensionSession[]
  readonly #failed: (error: unknown) => void
  #isIncomingOver = false
  #isOutgoingOver = false

  /**
   * Opens the extensions of `settings`; returns `null` if there are none.
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
    this.outgoing = openAll(extensions, context)
    this.incoming = [...this.outgoing].reverse()
    this.claimedBits = extensions.reduce((bits, { reservedBits }) => bits | reservedBits, 0)
    this.#failed = failed
  }

  /** Whether messages are no longer received: the session has ended, or an extension has failed. */
  get isIncomingOver(): boolean {
    return this.#isIncomingOver
  }

  /** Whether messages are no longer sent: the session has ended, or an extension failed to send. */
  get isOutgoingOver(): boolean {
    return this.#isOutgoingOver
  }

  /**
   * An extension failed on a received message: no more messages are received, and the session
   * fails. The handler's answers to earlier messages still go out.
   */
  failIncoming(error: unknown): void {
    if (this.#isIncomingOver) return
    this.#isIncomingOver = true
    this.#failed(error)
  }

  /** An extension failed on a message to send: no more messages pass, and the session fails. */
  failOutgoing(error: unknown): void {
    if (this.#isOutgoingOver) return
    this.#isIncomingOver = true
    this.#isOutgoingOver = true
    this.#failed(error)
  }

  /**
   * The connection is gone: the extensions release what they hold. Called once. An extension that
   * throws keeps neither the others nor the session from ending.
   */
  dispose(): void {
    this.#isIncomingOver = true
    this.#isOutgoingOver = true
    disposeAll(this.outgoing, this.#failed)
  }
}

/** Opens an instance of each. If one throws, those that are open already are disposed of. */
function openAll(
  extensions: readonly AgreedExtension[],
  context: ExtensionContext,
): ExtensionSession[] {
  const opened: ExtensionSession[] = []
  try {
    for (const { agreement } of extensions) opened.push(agreement.open(context))
  } catch (error) {
    // The first error is the one to report.
    disposeAll(opened, () => {})
    throw error
  }
  return opened
}

function disposeAll(
  extensions: readonly ExtensionSession[],
  failed: (error: unknown) => void,
): void {
  for (const extension of extensions) {
    try {
      extension.dispose()
    } catch (error) {
      failed(error)
    }
  }
}
