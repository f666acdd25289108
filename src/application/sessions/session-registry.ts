/**
 * The sessions of an application, from their first event until their handlers have returned.
 */

import { Deferred } from '../../base/internal.ts'
import type { MemoryBudgetError } from '../../session/index.ts'
import type { SessionHoldings } from '../../session/internal.ts'
import type { Sessions, WebSocketServerSession } from '../application.ts'

/** How an application ends one of its sessions. */
export interface SessionControl {
  /** Close 1001 with that message, and the handler's loop ends. */
  goAway(message: string): void
  /** Drops the connection. */
  readonly terminate: () => void
  /** Bytes that the session keeps in memory, in both directions. */
  readonly heldBytes: number
  /** Bytes that we keep as long as the session lasts. */
  readonly keptBytes: number
  /** `heldBytes` by direction, and what has moved. */
  measure(): SessionHoldings
  /** Gives them back, at once: Close 1013. */
  shed(cause: MemoryBudgetError): void
}

/** Keeps sessions for as long as they run. */
export class SessionRegistry implements Sessions {
  readonly #sessions = new Map<WebSocketServerSession, SessionControl>()
  #opened = 0
  #empty: Deferred<void> | null = null
  /** Those who wait for the end of one session. */
  readonly #ends = new Map<WebSocketServerSession, Deferred<void>>()

  get size(): number {
    return this.#sessions.size
  }

  /** How many there have ever been. */
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

  /** Resolves once no session runs; at once when none does. Never rejects. */
  whenEmpty(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve()
    this.#empty ??= new Deferred<void>()
    return this.#empty.promise
  }

  /** Resolves once `session` does not run; at once when it does not. Never rejects. */
  whenOver(session: WebSocketServerSession): Promise<void> {
    if (!this.#sessions.has(session)) return Promise.resolve()
    const end = this.#ends.get(session) ?? new Deferred<void>()
    this.#ends.set(session, end)
    return end.promise
  }
}
