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
import type { Farewell } from './farewell.ts'
import { logDebug, logFailure } from '../logger.ts'
import type { SharedBudget } from './memory-budget.ts'
import type { EventMonitor } from '../monitor.ts'
import type { WebSocketRoute } from '../routing/route-scope.ts'
import type { SessionRegistry } from './session-registry.ts'

const READING_ABANDONED =
  'WebSocket handler returned while something still reads from incoming; is an await missing?'

/** The parts of an application that its sessions work with. */
export interface SessionHome {
  readonly monitor: EventMonitor<ApplicationEvents>
  readonly sessions: SessionRegistry
  readonly counters: Counters
  /** Set when the application is stopping: a session is then closed as soon as it is open. */
  readonly farewell: () => Farewell | null
}

/** What an accepted upgrade knows about the session that it begins. */
export interface SessionOpening {
  readonly call: UpgradeCall
  readonly route: WebSocketRoute
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  /** The `AsyncLocalStorage` context that the handler runs in; `null`: the one that is. */
  readonly context: AsyncContext | null
  readonly environment: Environment
  readonly home: SessionHome
  /** Taken while the session runs. */
  readonly slot: ConnectionSlot
  /** `null`: none. */
  readonly memoryBudget: SharedBudget | null
}

/** Begins the session on `transport` and runs its handler. */
export function openServerSession(opening: SessionOpening, transport: Transport): void {
  const { context } = opening
  const session = new ServerSession(opening, transport)
  if (context === null) begin(session, opening.home)
  else context.run(() => begin(session, opening.home))
}

// Apart from what opens a session: its closures would keep those variables as long as the session lasts.
function begin(session: ServerSession, { monitor, farewell }: SessionHome): void {
  session.core.start()
  if (monitor.hears('sessionOpened')) monitor.emit('sessionOpened', { session })
  const stopping = farewell()
  if (stopping !== null) session.core.goAway(stopping.closeMessage())
  // Never rejects; the registry is the promise's owner.
  void session.serve()
}

/**
 * A session with its call. One class for both levels: the members that raw sessions do not have are
 * absent from their type, and throw at run time.
 */
class ServerSession extends LiveSession implements DefaultWebSocketServerSession {
  readonly call: UpgradeCall
  readonly #route: WebSocketRoute
  readonly #home: SessionHome
  readonly #context: AsyncContext
  readonly #slot: ConnectionSlot
  readonly #memoryBudget: SharedBudget | null

  constructor(opening: SessionOpening, transport: Transport) {
    const { call, route, environment, home, protocol, extensions, context, slot } = opening
    const settings = route.openSettings(environment, protocol, extensions)
    super(transport, settings, environment, ServerSession.#observer, route.kind)
    this.call = call
    this.#route = route
    this.#home = home
    this.#context = context ?? rootContext
    this.#slot = slot
    this.#memoryBudget = opening.memoryBudget
    call.request.compact()
    this.core.keptBytes = call.request.headBytes
    slot.take()
    home.sessions.add(this, this.core)
  }

  get application(): Application {
    return this.call.application
  }

  /** Runs the handler. Resolves when the session is over and all its tasks are done; never rejects. */
  serve(): Promise<void> {
    return this.run(() => this.#route.handler(this)).then(() => {
      this.#slot.release()
      this.#home.sessions.delete(this)
    })
  }

  /** Passes on to the application what happens to its sessions: one observer for all of them. */
  static readonly #observer: SessionObserver<ServerSession> = {
    // A timer or another session may be the cause: listeners see the store of this session.
    within: (task, session) => session.#context.run(task),

    handlerFailed: (error, session) => {
      session.#context.run(() => {
        logFailure(session.application.logger, error, 'WebSocket handler failed', session.#facts)
        session.#home.monitor.emit('handlerFailed', { session, error })
      })
    },

    readingAbandoned: (session) => {
      session.#context.run(() => {
        logDebug(session.application.logger, READING_ABANDONED, session.#facts)
        session.#home.monitor.emit('readingAbandoned', { session })
      })
    },

    limitReached: (limit, error, session) => {
      const { counters, monitor } = session.#home
      counters.limitReached(limit)
      if (!monitor.hears('limitReached')) return
      session.#context.run(() => monitor.emit('limitReached', { session, limit, error }))
    },

    buffered: (bytes, session) => session.#memoryBudget?.grow(bytes, session.core.environment),

    frameDropped: (direction, bytes, session) => {
      const { counters, monitor } = session.#home
      counters.frameDropped(direction)
      if (!monitor.hears('frameDropped')) return
      session.#context.run(() => monitor.emit('frameDropped', { session, direction, bytes }))
    },

    closed: (info, session) => {
      session.call.end(sessionIsOver)
      const { monitor } = session.#home
      if (monitor.hears('sessionClosed')) monitor.emit('sessionClosed', { session, info })
    },
  }

  /** What the log says about the session. */
  get #facts(): { readonly session: string; readonly route: string } {
    return { session: this.id, route: this.#route.path }
  }
}

/** Made only if somebody reads `call.signal`: its stack trace costs more than the rest of a session's end. */
function sessionIsOver(): DOMException {
  return new DOMException('The session is over', 'AbortError')
}
