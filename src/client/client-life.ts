/**
 * The life of a client: what it has open, and how `close()` ends it.
 */

import { Deferred } from '../base/internal.ts'
import { CloseReason } from '../protocol/index.ts'
import { ClientClosedError } from './opening/errors.ts'

const GOING_AWAY = new CloseReason(CloseReason.Codes.GOING_AWAY)

/** A connection that reconnects, as its client ends it. */
interface Closable {
  readonly closed: Promise<unknown>
  close(reason: CloseReason): Promise<void>
}

/** Counts the sessions, the requests and the reconnecting connections of a client. */
export class ClientLife {
  readonly #release: () => Promise<void>
  readonly #controller = new AbortController()
  readonly #connections = new Set<Closable>()
  /** Requests in progress, and sessions. */
  #open = 0
  #lastLeft = new Deferred<void>()
  #closing: Promise<void> | null = null

  /** @param release ends what the platform keeps. Called once, when all sessions have ended. */
  constructor(release: () => Promise<void>) {
    this.#release = release
  }

  /** Aborts with a `ClientClosedError` when the client is closed. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** @throws {ClientClosedError} if the client is closed. */
  requireOpen(): void {
    this.#controller.signal.throwIfAborted()
  }

  /**
   * Opens a session, which reports its end by `leave`.
   *
   * @throws (by rejecting) what `request` rejects with.
   */
  async open<Session>(request: () => Promise<Session>): Promise<Session> {
    this.#open += 1
    try {
      return await request()
    } catch (error) {
      this.leave()
      throw error
    }
  }

  /** A session has ended. */
  leave(): void {
    this.#open -= 1
    if (this.#open === 0 && this.#closing !== null) this.#lastLeft.resolve()
  }

  /** Ends `connection` with the client. */
  add(connection: Closable): void {
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
  }

  /** Idempotent. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    const connections = [...this.#connections].map((connection) => connection.close(GOING_AWAY))
    this.#controller.abort(new ClientClosedError())
    await Promise.all(connections)
    if (this.#open > 0) await this.#lastLeft.promise
    await this.#release()
  }
}
