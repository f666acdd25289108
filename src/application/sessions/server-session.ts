/**
 * The session of a server: a live session with the call that it came from.
 */

import type { Environment } from '../../base/internal.ts'
import type { AgreedExtension } from '../../extensions/internal.ts'
import type { Transport } from '../../session/index.ts'
import { LiveSession, type SessionObserver } from '../../session/internal.ts'
import type { ConnectionSlot } from '../upgrades/admission.ts'
import type {
  Application,
  ApplicationEvents,
  DefaultWebSocketServerSession,
} from '../application.ts'
import { type AsyncContext, rootContext } from '../async-context.ts'
import type { UpgradeCall } from '../calls/call.ts'
import type { Counters } from '../counters.ts'
import type { ReconnectHints } from './reconnect-hints.ts'
import { logDebug, logFailure } from '../logger.ts'
import type { SharedBudget } from './memory-budget.ts'
import type { EventMonitor } from '../monitor.ts'
import type { WebSocketRoute } from '../routing/route-scope.ts'
import type { SessionRegistry } from './session-registry.ts'

const READING_ABANDONED =
  'WebSocket handler returned while something still reads from incoming; is an await missing?'

/** What sessions need from their application. */
export interface SessionDependencies {
  readonly monitor: EventMonitor<ApplicationEvents>
  readonly sessions: SessionRegistry
  readonly counters: Counters
  /** Set while the application is stopping: new sessions are then closed at once. */
  readonly reconnectHints: () => ReconnectHints | null
}

/** The result of an accepted upgrade, from which a session is opened. */
export interface SessionOpening {
  readonly call: UpgradeCall
  readonly route: WebSocketRoute
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  /** The `AsyncLocalStorage` context of the handler; `null`: the current one. */
  readonly context: AsyncContext | null
  readonly environment: Environment
  readonly dependencies: SessionDependencies
  /** Held while the session runs. */
  readonly slot: ConnectionSlot
  /** `null`: no limit. */
  readonly memoryBudget: SharedBudget | null
}

/** Begins the session on `transport` and runs its handler. */
export function openServerSession(opening: SessionOpening, transport: Transport): void {
  const { context } = opening
  const session = new ServerSession(opening, transport)
  if (context === null) begin(session, opening.dependencies)
  else context.run(() => begin(session, opening.dependencies))
}

// Separate from `openServerSession`, whose variables this closure would keep for the whole session.
function begin(session: ServerSession, { monitor, reconnectHints }: SessionDependencies): void {
  session.core.start()
  if (monitor.hasListeners('sessionOpened')) monitor.emit('sessionOpened', { session })
  const stopping = reconnectHints()
  if (stopping !== null) session.core.goAway(stopping.closeMessage())
  session.serve()
}

/**
 * A session with its call. One class for both levels: the members that raw sessions do not have are
 * absent from their type, and throw at run time.
 */
class ServerSession extends LiveSession implements DefaultWebSocketServerSession {
  readonly call: UpgradeCall
  readonly #route: WebSocketRoute
  readonly #context: AsyncContext
  readonly #slot: ConnectionSlot

  constructor(opening: SessionOpening, transport: Transport) {
    const { call, route, environment, dependencies, protocol, extensions, context, slot } = opening
    const settings = route.openSettings(environment, protocol, extensions)
    const observer = ServerSession.#observerOf(opening)
    super(transport, settings, environment, observer, route.kind)
    this.call = call
    this.#route = route
    this.#context = context ?? rootContext
    this.#slot = slot
    call.request.compact()
    this.core.keptBytes = call.request.headBytes
    slot.take()
    dependencies.sessions.add(this, this.core)
  }

  get application(): Application {
    return this.call.application
  }

  /** Runs the handler. */
  serve(): void {
    // Never rejects, and the session is in the registry until it resolves.
    void this.run(() => this.#route.handler(this))
  }

  /** One observer serves all sessions of an application. */
  static readonly #observers = new WeakMap<SessionDependencies, SessionObserver<ServerSession>>()

  static #observerOf(opening: SessionOpening): SessionObserver<ServerSession> {
    let observer = this.#observers.get(opening.dependencies)
    if (observer === undefined) {
      observer = this.#createObserver(opening)
      this.#observers.set(opening.dependencies, observer)
    }
    return observer
  }

  /** Reports the events of sessions to their application. */
  static #createObserver({
    dependencies: { monitor, counters, sessions },
    memoryBudget,
    environment,
  }: SessionOpening): SessionObserver<ServerSession> {
    return {
      // A timer or another session may be the caller; listeners must see this session's context.
      within: (task, session) => session.#context.run(task),

      handlerFailed: (error, session) => {
        session.#context.run(() => {
          logFailure(session.application.logger, error, 'WebSocket handler failed', session.#facts)
          monitor.emit('handlerFailed', { session, error })
        })
      },

      readingAbandoned: (session) => {
        session.#context.run(() => {
          logDebug(session.application.logger, READING_ABANDONED, session.#facts)
          monitor.emit('readingAbandoned', { session })
        })
      },

      limitReached: (limit, error, session) => {
        counters.limitReached(limit)
        if (!monitor.hasListeners('limitReached')) return
        session.#context.run(() => monitor.emit('limitReached', { session, limit, error }))
      },

      // On every read: the session itself need not be touched.
      buffered: (bytes) => memoryBudget?.grow(bytes, environment),

      frameDropped: (direction, bytes, session) => {
        counters.frameDropped(direction)
        if (!monitor.hasListeners('frameDropped')) return
        session.#context.run(() => monitor.emit('frameDropped', { session, direction, bytes }))
      },

      closed: (info, session) => {
        session.call.end(sessionIsOver)
        if (monitor.hasListeners('sessionClosed')) monitor.emit('sessionClosed', { session, info })
      },

      left: (session) => {
        session.#slot.release()
        sessions.delete(session)
      },
    }
  }

  /** The facts about the session for log entries. */
  get #facts(): { readonly session: string; readonly route: string } {
    return { session: this.id, route: this.#route.path }
  }
}

/**
 * Created only if `call.signal` is read: its stack trace costs more than the rest of ending a
 * session.
 */
function sessionIsOver(): DOMException {
  return new DOMException('The session is over', 'AbortError')
}
