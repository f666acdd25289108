/**
 * The session of a client: a live session with the handshake that opened it, and how it ends.
 */

import { addAbortListener, type Environment, removeAbortListener } from '../../base/internal.ts'
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

/** What an answered handshake knows about the session that it begins. */
export interface ClientOpening {
  readonly url: string
  readonly response: HandshakeResponse
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  readonly settings: RouteSettings
  readonly environment: Environment
  /** Closes the session when it fires; `null`: none. */
  readonly signal: AbortSignal | null
  /** The session's name; `null`: 16 random bytes. */
  readonly id: string | null
  /** Called with the error of a block or of a task that failed. */
  readonly failed: (error: unknown) => void
}

/** A client's session. */
export class OpenedSession extends LiveSession implements WebSocketClientSession {
  readonly url: string
  readonly #response: HandshakeResponse
  readonly #signal: AbortSignal | null
  readonly #tellFailure: (error: unknown) => void
  readonly #leave: () => void = () => this.core.goAway()
  /** The first failure, of the block or of a task. */
  #failure: { readonly error: unknown } | null = null
  #shownResponse: ClientResponse | null = null
  #blockRuns = false
  #run: Promise<void> | null = null

  /** Begins the session on `transport`. */
  constructor(opening: ClientOpening, transport: Transport) {
    super(transport, settingsOf(opening), opening.environment, OpenedSession.#observer)
    this.url = opening.url
    this.#response = opening.response
    this.#signal = opening.signal
    this.#tellFailure = opening.failed
    this.core.start()
    if (this.#isAborted) this.#leave()
    else if (this.#signal !== null) addAbortListener(this.#signal, this.#leave)
  }

  get response(): ClientResponse {
    const { status, headers } = this.#response
    this.#shownResponse ??= { status, headers: toHeaders(headers) }
    return this.#shownResponse
  }

  // For the heartbeat: see `HeartbeatOwner`.

  get hiddenAmount(): number {
    return 0
  }

  get isReadingStopped(): boolean {
    return this.core.read.isStopped
  }

  listen(listener: HeartbeatListener): void {
    this.core.read.heartbeat = listener
  }

  vanish(cause: Error): void {
    this.core.vanish(cause)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A block that disposes of its own session would wait for itself.
    if (!this.#blockRuns) return this.#end(() => {})
    void this.close()
    await this.closed
  }

  /**
   * Runs `block` with this session and ends it as the block has ended: 1000, or 1011 if it failed. Waits until the
   * closing handshake and all launched tasks are done. Called at most once.
   *
   * @returns what `block` returned.
   * @throws (by rejecting) what the block or a task failed with, whichever was first; else the reason of the signal, if
   *   that fired before the block ended; else what the block threw because the session was ending.
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
        wasAborted = this.#isAborted
        this.#blockRuns = false
      }
    })
    if (this.#failure !== null) throw this.#failure.error
    if (wasAborted) this.#signal?.throwIfAborted()
    // The analysis of types does not see what the function above has done.
    const result = returned as { readonly value: T } | null
    if (result === null) throw thrown
    return result.value
  }

  #end(handler: () => Promise<void> | void): Promise<void> {
    this.#run ??= this.run(handler)
    return this.#run
  }

  get #isAborted(): boolean {
    return this.#signal?.aborted === true
  }

  /** Hears what happens to the sessions of all clients. */
  static readonly #observer: SessionObserver<OpenedSession> = {
    handlerFailed: (error, session) => {
      session.#failure = { error }
      session.#tellFailure(error)
    },
    limitReached: () => {},
    frameDropped: () => {},
    buffered: () => {},
    closed: (_, session) => {
      if (session.#signal !== null) removeAbortListener(session.#signal, session.#leave)
    },
  }
}

/**
 * The settings of one session: its own, and behind them, as the prototype, those that all sessions of the client
 * share, as on a server.
 */
function settingsOf(opening: ClientOpening): SessionSettings {
  const own: Pick<SessionSettings, 'role' | 'id' | 'protocol' | 'extensions'> = {
    role: 'client',
    id: opening.id ?? createSessionId(opening.environment),
    protocol: opening.protocol,
    extensions: opening.extensions,
  }
  // `Object.create` gives what it was given: the two together are all of the settings.
  return Object.assign(Object.create(opening.settings) as RouteSettings, own)
}
