/**
 * The client's session: a live session with the answer that opened it, and signals that close it.
 */

import type { Environment } from '../../base/internal.ts'
import type { AgreedExtension } from '../../extensions/internal.ts'
import type { HandshakeResponse } from '../../protocol/index.ts'
import type { RouteSettings, Transport } from '../../session/index.ts'
import {
  createSessionId,
  type HeartbeatListener,
  LiveSession,
  type SessionObserver,
  type SessionSettings,
} from '../../session/internal.ts'
import type { ClientResponse, WebSocketClientSession } from './client-session.ts'
import { toHeaders } from './errors.ts'
import type { LeaveSignals } from './leave-signals.ts'

/** The result of an answered handshake, from which a session is opened. */
export interface ClientOpening {
  readonly url: string
  readonly response: HandshakeResponse
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  readonly settings: RouteSettings
  readonly environment: Environment
  /** Close the session when one of them aborts. */
  readonly leave: LeaveSignals
  /** The session's id; `null`: 16 random bytes. */
  readonly id: string | null
  /** Called with the error of a failed block or task. */
  readonly failed: (error: unknown) => void
  /** Called when the session has ended. */
  readonly ended: () => void
}

/** A client's session. */
export class OpenedSession extends LiveSession implements WebSocketClientSession {
  readonly url: string
  readonly #response: HandshakeResponse
  readonly #leaveSignals: LeaveSignals
  readonly #tellFailure: (error: unknown) => void
  readonly #tellEnd: () => void
  readonly #leave: () => void = () => this.core.goAway()
  /** The first error of the block or of a task. */
  #failure: { readonly error: unknown } | null = null
  #shownResponse: ClientResponse | null = null
  #blockRuns = false
  #run: Promise<void> | null = null

  /** Begins the session on `transport`. */
  constructor(opening: ClientOpening, transport: Transport) {
    super(transport, settingsOf(opening), opening.environment, OpenedSession.#observer)
    this.url = opening.url
    this.#response = opening.response
    this.#leaveSignals = opening.leave
    this.#tellFailure = opening.failed
    this.#tellEnd = opening.ended
    this.core.start()
    if (this.#leaveSignals.aborted) this.#leave()
    else this.#leaveSignals.add(this.#leave)
  }

  get response(): ClientResponse {
    const { status, headers } = this.#response
    this.#shownResponse ??= { status, headers: toHeaders(headers) }
    return this.#shownResponse
  }

  // For the heartbeat: see `HeartbeatOwner`.

  get received(): number {
    return this.core.read.received
  }

  get hiddenAmount(): number {
    return 0
  }

  get isReadingStopped(): boolean {
    return this.core.read.heldBack?.isStopped === true
  }

  listen(listener: HeartbeatListener): void {
    this.core.read.heartbeat = listener
  }

  vanish(cause: Error): void {
    this.core.terminate(cause)
    // The session is over at once: the network may report nothing for long.
    this.core.ending?.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A block that disposes of its own session must not wait for its own end.
    if (!this.#blockRuns) return this.#end(() => {})
    void this.close()
    await this.closed
  }

  /**
   * Runs `block` with this session, then closes the session: with 1000, or with 1011 if it failed.
   * Waits for the closing handshake and all launched tasks. Called at most once.
   *
   * @returns what `block` returned.
   * @throws (by rejecting) the first error of the block or a task; else the signal's reason, if it
   *   aborted before the block ended; else the error that the block threw because the session was
   *   ending.
   */
  async runBlock<T>(block: (session: WebSocketClientSession) => Promise<T> | T): Promise<T> {
    let returned: { readonly value: T } | null = null
    let thrown: unknown
    let wasAborted = false
    this.#blockRuns = true
    await this.#end(async () => {
      try {
        returned = { value: await block(this) }
      } catch (error) {
        thrown = error
        throw error
      } finally {
        wasAborted = this.#leaveSignals.aborted
        this.#blockRuns = false
      }
    })
    if (this.#failure !== null) throw this.#failure.error
    if (wasAborted) this.#leaveSignals.throwIfAborted()
    // The compiler does not see the assignment in the function above.
    const result = returned as { readonly value: T } | null
    if (result === null) throw thrown
    return result.value
  }

  #end(handler: () => Promise<void> | void): Promise<void> {
    this.#run ??= this.run(handler)
    return this.#run
  }

  /** Receives the events of all client sessions. */
  static readonly #observer: SessionObserver<OpenedSession> = {
    handlerFailed: (error, session) => {
      session.#failure = { error }
      session.#tellFailure(error)
    },
    limitReached: () => {},
    frameDropped: () => {},
    buffered: () => {},
    closed: (_, session) => {
      session.#leaveSignals.remove(session.#leave)
      session.#tellEnd()
    },
  }
}

/**
 * Returns the settings of one session. As on a server, the settings that all sessions share are on
 * the prototype.
 */
function settingsOf(opening: ClientOpening): SessionSettings {
  const own: Pick<SessionSettings, 'role' | 'id' | 'protocol' | 'extensions'> = {
    role: 'client',
    id: opening.id ?? createSessionId(opening.environment),
    protocol: opening.protocol,
    extensions: opening.extensions,
  }
  // The own settings and the prototype's together are all settings.
  return Object.assign(Object.create(opening.settings) as RouteSettings, own)
}
