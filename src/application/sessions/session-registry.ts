/**
 * The sessions of an application, from their first event until their handlers have returned.
 */

import { Deferred, type Environment } from '../../base/internal.ts'
import type { MemoryBudgetError } from '../../session/index.ts'
import type { SessionHoldings } from '../../session/internal.ts'
import type { Sessions, WebSocketServerSession } from '../application.ts'

/** How an application measures and ends one of its sessions. */
export interface SessionControl {
  readonly environment: Pick<Environment, 'deferPastTurn'>
  /** Closes the session with 1001 and `message`, and ends the handler's loop. */
  goAway(message: string): void
  /** Drops the connection. */
  readonly terminate: () => void
  /** Bytes that the session holds in memory, in both directions. */
  readonly heldBytes: number
  /** Bytes that are kept for as long as the session lasts. */
  readonly keptBytes: number
  /** `null`: the session has sent no ping, and its handler has not asked for their times. */
  readonly pings: { readonly roundTripTime: number | null } | null
  /** `null` until the end of the session begins. */
  readonly ending: object | null
  /** `heldBytes` by direction, with the counters of bytes that have moved. */
  measure(): SessionHoldings
  /** Releases the memory at once, and closes the session with 1013. */
  shed(cause: MemoryBudgetError): void
}

/** Keeps sessions while they run. */
export class SessionRegistry implements Sessions {
  readonly #sessions = new Map<WebSocketServerSession, SessionControl>()
  #opened = 0
  #empty: Deferred<void> | null = null
  /** Promises for the end of single sessions. */
  readonly #ends = new Map<WebSocketServerSession, Deferred<void>>()

  get size(): number {
    return this.#sessions.size
  }

  /** The number of sessions since the application was made. */
  get opened(): number {
    return this.#opened
  }

  [Symbol.iterator](): IterableIterator<WebSocketServerSession> {
    return this.#sessions.keys()
  }

  /** The controls of all sessions, in the order in which they began; a copy. */
  get controls(): readonly SessionControl[] {
    return [...this.#sessions.values()]
  }

  /**
   * All sessions with their controls, in the order in which they began. Sessions may begin and end
   * between two steps: none is visited twice.
   */
  entries(): IterableIterator<[WebSocketServerSession, SessionControl]> {
    return this.#sessions.entries()
  }

  add(session: WebSocketServerSession, control: SessionControl): void {
    this.#opened++
    this.#sessions.set(session, control)
  }

  delete(session: WebSocketServerSession): void {
    this.#sessions.delete(session)
    this.#ends.get(session)?.resolve()
    this.#ends.delete(session)
    if (this.#sessions.size > 0) return
    this.#empty?.resolve()
    this.#empty = null
  }

  /** Resolves when no session is running; never rejects. */
  whenEmpty(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve()
    this.#empty ??= new Deferred<void>()
    return this.#empty.promise
  }

  /** Resolves when `session` has ended; never rejects. */
  whenOver(session: WebSocketServerSession): Promise<void> {
    if (!this.#sessions.has(session)) return Promise.resolve()
    const end = this.#ends.get(session) ?? new Deferred<void>()
    this.#ends.set(session, end)
    return end.promise
  }
}
