/**
 * The session of a server: a session with the call that it came from, wrapped thinly around it.
 */

import type { Clock, Duration } from '../../base/index.ts'
import type { Environment, HasClock } from '../../base/internal.ts'
import type { ReceiveChannel } from '../../channels/index.ts'
import type { AgreedExtension } from '../../extensions/internal.ts'
import type { CloseReason, Frame } from '../../protocol/index.ts'
import type {
  CloseInfo,
  OutgoingChannel,
  SessionLimitName,
  Transport,
  WebSocketSession,
} from '../../session/index.ts'
import { DefaultSession, RawSession } from '../../session/internal.ts'
import type { SessionObserver } from '../../session/internal.ts'
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
  const { call, route, environment, home, protocol, extensions, context, slot } = opening
  const settings = route.openSettings(environment, protocol, extensions)
  const record = new SessionRecord(opening)
  const inner =
    route.kind === 'raw'
      ? new RawSession(transport, settings, environment, record)
      : new DefaultSession(transport, settings, environment, record)
  const session = new ServerSession(inner, call)
  record.session = session

  inner.keptBytes = call.request.headBytes
  slot.take()
  home.sessions.add(session, inner)
  if (context === null) begin(inner, session, record, home)
  else context.run(() => begin(inner, session, record, home))
}

// Apart from what opens a session, whose variables its closures would keep as long as the session lasts.
function begin(
  inner: RawSession | DefaultSession,
  session: ServerSession,
  record: SessionRecord,
  { monitor, farewell }: SessionHome,
): void {
  inner.start()
  if (monitor.hears('sessionOpened')) monitor.emit('sessionOpened', { session })
  const stopping = farewell()
  if (stopping !== null) inner.goAway(stopping.closeMessage())
  // Never rejects; the registry is the promise's owner.
  void inner.run(() => record.handle()).then(() => record.over())
}

/** What the session tells its owner, passed on to the application. */
class SessionRecord implements SessionObserver {
  /** Set before the session can tell anything. */
  session: ServerSession | null = null
  readonly #route: WebSocketRoute
  readonly #home: SessionHome
  readonly #context: AsyncContext
  readonly #slot: ConnectionSlot
  readonly #memoryBudget: SharedBudget | null
  readonly #environment: Environment

  constructor(opening: SessionOpening) {
    this.#route = opening.route
    this.#home = opening.home
    this.#context = opening.context ?? rootContext
    this.#slot = opening.slot
    this.#memoryBudget = opening.memoryBudget
    this.#environment = opening.environment
  }

  /** Runs the handler. */
  handle(): Promise<void> | void {
    if (this.session !== null) return this.#route.handler(this.session)
  }

  /** The session is over, its handler has returned and all that it launched. */
  over(): void {
    this.#slot.release()
    if (this.session !== null) this.#home.sessions.delete(this.session)
  }

  /** Whoever caused the event, a timer or another session: its listeners see the store of this session. */
  within(task: () => void): void {
    this.#context.run(task)
  }

  handlerFailed(error: unknown): void {
    const session = this.session
    if (session === null) return
    const facts = { session: session.id, route: this.#route.path }
    this.within(() => {
      logFailure(session.application.logger, error, 'WebSocket handler failed', facts)
      this.#home.monitor.emit('handlerFailed', { session, error })
    })
  }

  readingAbandoned(): void {
    const session = this.session
    if (session === null) return
    const facts = { session: session.id, route: this.#route.path }
    this.within(() => {
      logDebug(session.application.logger, READING_ABANDONED, facts)
      this.#home.monitor.emit('readingAbandoned', { session })
    })
  }

  limitReached(limit: SessionLimitName, error: Error): void {
    const { counters, monitor } = this.#home
    counters.limitReached(limit)
    const session = this.session
    if (session === null || !monitor.hears('limitReached')) return
    this.within(() => monitor.emit('limitReached', { session, limit, error }))
  }

  buffered(bytes: number): void {
    this.#memoryBudget?.grow(bytes, this.#environment)
  }

  frameDropped(direction: 'incoming' | 'outgoing', bytes: number): void {
    const { counters, monitor } = this.#home
    counters.frameDropped(direction)
    const session = this.session
    if (session === null || !monitor.hears('frameDropped')) return
    this.within(() => monitor.emit('frameDropped', { session, direction, bytes }))
  }

  closed(info: CloseInfo): void {
    const session = this.session
    if (session === null) return
    session.call.end(sessionIsOver)
    const { monitor } = this.#home
    if (monitor.hears('sessionClosed')) monitor.emit('sessionClosed', { session, info })
  }
}

/** Made only if somebody looks at `call.signal`: its stack costs more than all else that ends a session. */
function sessionIsOver(): DOMException {
  return new DOMException('The session is over', 'AbortError')
}

/**
 * A session with its call. Functions are the wrapped session's own, which are bound, so that all members may
 * be destructured. One class for both levels: what raw sessions do not have is absent from their type, and
 * says so at run time.
 */
class ServerSession implements DefaultWebSocketServerSession, HasClock {
  readonly call: UpgradeCall
  readonly #session: RawSession | DefaultSession

  constructor(session: RawSession | DefaultSession, call: UpgradeCall) {
    this.call = call
    this.#session = session
  }

  get application(): Application {
    return this.call.application
  }

  get id(): string {
    return this.#session.id
  }

  get protocol(): string | null {
    return this.#session.protocol
  }

  get incoming(): ReceiveChannel<Frame> {
    return this.#session.incoming
  }

  get outgoing(): OutgoingChannel {
    return this.#session.outgoing
  }

  get send(): WebSocketSession['send'] {
    return this.#session.send
  }

  get close(): WebSocketSession['close'] {
    return this.#session.close
  }

  get flush(): WebSocketSession['flush'] {
    return this.#session.flush
  }

  get terminate(): WebSocketSession['terminate'] {
    return this.#session.terminate
  }

  get launch(): WebSocketSession['launch'] {
    return this.#session.launch
  }

  /** For code that needs the time of this session. */
  get clock(): Clock {
    return this.#session.clock
  }

  get delay(): WebSocketSession['delay'] {
    return this.#session.delay
  }

  get signal(): AbortSignal {
    return this.#session.signal
  }

  get closeReason(): Promise<CloseReason> {
    return this.#session.closeReason
  }

  get closed(): Promise<CloseInfo> {
    return this.#session.closed
  }

  get bufferedAmount(): number {
    return this.#session.bufferedAmount
  }

  get masking(): boolean {
    return this.#session.masking
  }

  set masking(masking: boolean) {
    this.#session.masking = masking
  }

  get maxFrameSize(): number {
    return this.#session.maxFrameSize
  }

  set maxFrameSize(maxFrameSize: number) {
    this.#session.maxFrameSize = maxFrameSize
  }

  get pingInterval(): number | null {
    return requireDefault(this.#session, 'pingInterval').pingInterval
  }

  set pingInterval(pingInterval: Duration | null) {
    requireDefault(this.#session, 'pingInterval').pingInterval = pingInterval
  }

  get timeout(): number {
    return requireDefault(this.#session, 'timeout').timeout
  }

  set timeout(timeout: Duration) {
    requireDefault(this.#session, 'timeout').timeout = timeout
  }

  get roundTripTime(): number | null {
    return requireDefault(this.#session, 'roundTripTime').roundTripTime
  }
}

function requireDefault(session: RawSession | DefaultSession, member: string): DefaultSession {
  if (session instanceof DefaultSession) return session
  throw new TypeError(
    `Cannot use ${member} of a raw session: it sends no pings, expected webSocket()`,
  )
}
