/**
 * The session of a server: a live session with the call that it came from.
 */

import type { Environment } from '../../base/internal.ts'
import type { AgreedExtension } from '../../extensions/internal.ts'
import type { Transport } from '../../session/index.ts'
import { LiveSession, type SessionObserver } from '../../session/internal.ts'
import type { Admission } from '../upgrades/admission.ts'
import type {
  Application,
  ApplicationEvents,
  DefaultWebSocketServerSession,
  WebSocketServerSession,
} from '../application.ts'
import { type AsyncContext, rootContext } from '../async-context.ts'
import { UpgradeCall } from '../calls/call.ts'
import type { Counters } from '../counters.ts'
import type { ApplicationHooks } from '../hooks.ts'
import type { ReconnectHints } from './reconnect-hints.ts'
import { logDebug, logFailure } from '../logger.ts'
import type { EventMonitor } from '../monitor.ts'
import type { SessionRegistry } from './session-registry.ts'

const READING_ABANDONED =
  'WebSocket handler returned while something still reads from incoming; is an await missing?'

/** What sessions need from their application. */
export interface SessionDependencies {
  readonly monitor: EventMonitor<ApplicationEvents>
  readonly sessions: SessionRegistry
  readonly counters: Counters
  readonly hooks: readonly ApplicationHooks[]
  /** The limits on connections. Called only for a route, so `WebSockets` is installed. */
  readonly admission: () => Admission
  /** Set while the application is stopping: new sessions are then closed at once. */
  readonly reconnectHints: () => ReconnectHints | null
}

/** The result of an accepted upgrade, from which a session is opened. */
export interface SessionOpening {
  readonly call: UpgradeCall
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  readonly environment: Environment
  readonly dependencies: SessionDependencies
}

/** Begins the session on `transport` and runs its handler. */
export function openServerSession(opening: SessionOpening, transport: Transport): void {
  const { context } = opening.call
  const session = new ServerSession(opening, transport)
  if (context === null) begin(session, opening.dependencies)
  else context.run(() => begin(session, opening.dependencies))
}

/**
 * Returns `session.call.request.origin.remoteHost`, without making a request that a session which
 * does not use it would keep.
 */
export function remoteHostOf({ call }: WebSocketServerSession): string {
  return call instanceof UpgradeCall ? call.remoteHost : call.request.origin.remoteHost
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

  constructor(opening: SessionOpening, transport: Transport) {
    const { call, environment, dependencies, protocol, extensions } = opening
    const settings = call.route.openSettings(protocol, extensions)
    const observer = ServerSession.#observerOf(opening)
    super(transport, settings, environment, observer, call.route.kind)
    this.call = call
    call.compact()
    this.core.keptBytes = call.headBytes
    dependencies.admission().enterAgain(call.remoteHost)
    dependencies.sessions.add(this, this.core)
  }

  get application(): Application {
    return this.call.application
  }

  get route(): string {
    return this.call.route.path
  }

  /** Runs the handler. */
  serve(): void {
    // The session is in the registry until the observer hears that it has left.
    this.handle(() => this.call.route.handler(this))
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
    dependencies: { monitor, counters, hooks, sessions, admission },
    environment,
  }: SessionOpening): SessionObserver<ServerSession> {
    const { memoryBudget } = admission()
    return {
      // A timer or another session may be the caller; listeners must see this session's context.
      within: (task, session) => {
        const isHeard = monitor.hasListeners('sessionClosed') || session.hasSignal
        if (isHeard || session.call.hasSignal) contextOf(session).run(task)
        else task()
      },

      handlerFailed: (error, session) => {
        contextOf(session).run(() => {
          logFailure(
            session.application.logger,
            error,
            'WebSocket handler failed',
            factsOf(session),
          )
          monitor.emit('handlerFailed', { session, error })
        })
      },

      readingAbandoned: (session) => {
        contextOf(session).run(() => {
          logDebug(session.application.logger, READING_ABANDONED, factsOf(session))
          monitor.emit('readingAbandoned', { session })
        })
      },

      limitReached: (limit, error, session) => {
        counters.limitReached(limit)
        if (!monitor.hasListeners('limitReached')) return
        contextOf(session).run(() => monitor.emit('limitReached', { session, limit, error }))
      },

      buffered: (bytes) => memoryBudget?.grow(bytes, environment),

      frameDropped: (direction, bytes, session) => {
        counters.frameDropped(direction)
        if (!monitor.hasListeners('frameDropped')) return
        contextOf(session).run(() => monitor.emit('frameDropped', { session, direction, bytes }))
      },

      pingAnswered: (roundTripMs, session) => {
        for (const { pingAnswered } of hooks) pingAnswered?.(roundTripMs, session)
      },

      closed: (info, session) => {
        session.call.end(sessionIsOver)
        if (monitor.hasListeners('sessionClosed')) monitor.emit('sessionClosed', { session, info })
      },

      left: (session) => {
        admission().leave(session.call.remoteHost)
        sessions.delete(session)
      },
    }
  }
}

/** The context that interceptors made for the handler; the root context without interceptors. */
/**
 * Whether the route of `session` has a list of subprotocols. Where a function chooses, a client may
 * have invented the subprotocol of the session.
 */
export function listsProtocols(session: WebSocketServerSession): boolean {
  return session instanceof ServerSession && typeof session.call.route.protocols !== 'function'
}

function contextOf({ call }: ServerSession): AsyncContext {
  return call.context ?? rootContext
}

/** The facts about the session for log entries. */
function factsOf({ id, call }: ServerSession): {
  readonly session: string
  readonly route: string
} {
  return { session: id, route: call.route.path }
}

/**
 * Created only if `call.signal` is read: its stack trace costs more than the rest of ending a
 * session.
 */
function sessionIsOver(): DOMException {
  return new DOMException('The session is over', 'AbortError')
}
