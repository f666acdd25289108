/**
 * The extensions of one session. They are opened with the session, and disposed of at its end.
 */

import type { Environment } from '../base/internal.ts'
import type { ExtensionContext, ExtensionSession } from '../extensions/index.ts'
import type { AgreedExtension } from '../extensions/internal.ts'
import { type CloseReason, ProtocolViolation } from '../protocol/internal.ts'
import { failureReason, INTERNAL_ERROR } from './failure-reason.ts'
import type { SessionOwner } from './session-owner.ts'
import type { SessionObserver, SessionSettings } from './settings.ts'

/** The session core, as its extensions see it. */
export interface ExtensionsOwner {
  readonly environment: Environment
  readonly observer: SessionObserver
  readonly session: SessionOwner
  fail(reason: CloseReason, cause: Error): void
  readonly read: {
    stopDecoding(): void
    readonly ending: {
      concludeWith(conclude: () => void, environment: Pick<Environment, 'defer'>): void
    }
  }
}

/** The extensions that the handshake agreed on. */
export class SessionExtensions {
  /** In the order of installation. */
  readonly outgoing: readonly ExtensionSession[]
  /** In the reverse order. */
  readonly incoming: readonly ExtensionSession[]
  readonly #owner: ExtensionsOwner
  #isIncomingOver = false
  #isOutgoingOver = false

  /**
   * Opens the extensions of `settings`; returns `null` if there are none.
   */
  static open(
    settings: SessionSettings,
    environment: Environment,
    owner: ExtensionsOwner,
  ): SessionExtensions | null {
    const { extensions = [] } = settings
    if (extensions.length === 0) return null
    return new SessionExtensions(extensions, contextFor(settings, environment), owner)
  }

  private constructor(
    extensions: readonly AgreedExtension[],
    context: ExtensionContext,
    owner: ExtensionsOwner,
  ) {
    this.outgoing = openAll(extensions, context)
    // An idle session has one array for both directions.
    this.incoming = this.outgoing.length === 1 ? this.outgoing : [...this.outgoing].reverse()
    this.#owner = owner
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
    failSession(this.#owner, error)
  }

  /** An extension failed on a message to send: no more messages pass, and the session fails. */
  failOutgoing(error: unknown): void {
    if (this.#isOutgoingOver) return
    this.#isIncomingOver = true
    this.#isOutgoingOver = true
    failSession(this.#owner, error)
  }

  /**
   * The connection is gone: the extensions release what they hold. Called once. An extension that
   * throws keeps neither the others nor the session from ending.
   */
  dispose(): void {
    this.#isIncomingOver = true
    this.#isOutgoingOver = true
    disposeAll(this.outgoing, (error) => failSession(this.#owner, error))
  }
}

/**
 * Fails the session of an extension that cannot go on: through the peer if the error says so, else
 * through a bug. Reading ends.
 */
function failSession(owner: ExtensionsOwner, error: unknown): void {
  const { environment, observer, read, session } = owner
  read.stopDecoding()
  if (error instanceof ProtocolViolation) {
    read.ending.concludeWith(() => owner.fail(failureReason(error), error), environment)
    return
  }
  observer.handlerFailed(error, session)
  const cause =
    error instanceof Error ? error : new TypeError('Cannot tell why the extension failed')
  owner.fail(INTERNAL_ERROR, cause)
}

/** The last context of each environment. */
const CONTEXTS = new WeakMap<Environment, ExtensionContext>()

/**
 * Returns the context of a session. The sessions of a route share it, because none of its facts are
 * a session's own.
 */
function contextFor(
  { role, maxMessageSize }: SessionSettings,
  environment: Environment,
): ExtensionContext {
  const last = CONTEXTS.get(environment)
  if (last?.role === role && last.maxMessageSize === maxMessageSize) return last
  const context: ExtensionContext = Object.freeze({
    role,
    maxMessageSize,
    schedule: (delayMs: number, task: () => void) => environment.timers.schedule(delayMs, task),
  })
  CONTEXTS.set(environment, context)
  return context
}

/** Opens an instance of each. If one throws, those that are open already are disposed of. */
function openAll(
  extensions: readonly AgreedExtension[],
  context: ExtensionContext,
): ExtensionSession[] {
  const opened: ExtensionSession[] = []
  try {
    for (const { agreement } of extensions) opened.push(agreement.open(context))
    // An array that has grown has room for 17. Its copy has the exact size.
    return opened.slice()
  } catch (error) {
    // The first error is the one to report.
    disposeAll(opened, () => {})
    throw error
  }
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
