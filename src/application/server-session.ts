/**
 * The session of a server: a session with the call that it came from, wrapped thinly around it.
 */

import type { Duration } from '../base/index.ts'
import type { Environment } from '../base/internal.ts'
import type { ReceiveChannel, SendChannel } from '../channels/index.ts'
import type { AgreedExtension } from '../extensions/internal.ts'
import type { CloseReason, Frame } from '../protocol/index.ts'
import type {
  CloseInfo,
  DefaultWebSocketSession,
  Outbound,
  RouteSettings,
  SessionLimitName,
  Transport,
  WebSocketSession,
} from '../session/index.ts'
import { DefaultSession, RawSession } from '../session/internal.ts'
import type { SessionObserver, SessionSettings } from '../session/internal.ts'
import type { ConnectionSlot } from './admission.ts'
import type {
  Application,
  ApplicationEvents,
  DefaultWebSocketServerSession,
  WebSocketHandler,
} from './application.ts'
import type { UpgradeCall } from './call.ts'
import type { Counters } from './counters.ts'
import type { AsyncContext } from './interception.ts'
import { logFailure } from './logger.ts'
import type { SharedBudget } from './memory-budget.ts'
import type { EventMonitor } from './monitor.ts'
import type { SessionRegistry } from './session-registry.ts'

/** What an accepted upgrade knows about the session that it begins. */
export interface SessionOpening {
  readonly call: UpgradeCall
  /** The path of the route as it was declared, for the log. */
  readonly route: string
  readonly kind: 'default' | 'raw'
  readonly handler: WebSocketHandler
  readonly settings: RouteSettings
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
  /** The `AsyncLocalStorage` context that the handler runs in. */
  readonly context: AsyncContext
  readonly environment: Environment
  readonly monitor: EventMonitor<ApplicationEvents>
  readonly sessions: SessionRegistry
  readonly counters: Counters
  /** Taken while the session runs. */
  readonly slot: ConnectionSlot
  /** `null`: none. */
  readonly memoryBudget: SharedBudget | null
  /** Whether the application is stopping: the session is then closed as soon as it is open. */
  readonly isStopping: () => boolean
}

/** Begins the session on `transport` and runs its handler. */
export function openServerSession(opening: SessionOpening, transport: Transport): void {
  const { call, kind, handler, environment, monitor, sessions } = opening
  const settings = settingsOf(opening)
  const record = new SessionRecord(opening)
  const inner =
    kind === 'raw'
      ? new RawSession(transport, settings, environment, record)
      : new DefaultSession(transport, settings, environment, record)
  const session = new ServerSession(inner, inner instanceof DefaultSession ? inner : null, call)
  record.session = session

  opening.slot.take()
  sessions.add(session, inner)
  opening.context.run(() => {
    inner.start()
    if (monitor.hears('sessionOpened')) monitor.emit('sessionOpened', { session })
    if (opening.isStopping()) inner.goAway()
    // Never rejects; the registry is the promise's owner.
    void inner
      .run(() => handler(session))
      .then(() => {
        opening.slot.release()
        sessions.delete(session)
      })
  })
}

/**
 * The settings of one session: its own, and behind them, as the prototype, those that it shares with all of its
 * route. A copy of them all would be the largest thing that an idle session holds (0.9 KiB of 7).
 */
function settingsOf(opening: SessionOpening): SessionSettings {
  const own: Pick<SessionSettings, 'role' | 'id' | 'protocol' | 'extensions'> = {
    role: 'server',
    id: createSessionId(opening.environment),
    protocol: opening.protocol,
    extensions: opening.extensions,
  }
  // `Object.create` gives what it was given: the two together are all of the settings.
  return Object.assign(Object.create(opening.settings) as RouteSettings, own)
}

/** What the session tells its owner, passed on to the application. */
class SessionRecord implements SessionObserver {
  /** Set before the session can tell anything. */
  session: ServerSession | null = null
  readonly #call: UpgradeCall
  readonly #route: string
  readonly #monitor: EventMonitor<ApplicationEvents>
  readonly #counters: Counters
  readonly #memoryBudget: SharedBudget | null
  readonly #environment: Environment

  constructor(opening: SessionOpening) {
    this.#call = opening.call
    this.#route = opening.route
    this.#monitor = opening.monitor
    this.#counters = opening.counters
    this.#memoryBudget = opening.memoryBudget
    this.#environment = opening.environment
  }

  handlerFailed(error: unknown): void {
    const session = this.session
    if (session === null) return
    logFailure(this.#call.application.logger, error, 'WebSocket handler failed', {
      session: session.id,
      route: this.#route,
    })
    this.#monitor.emit('handlerFailed', { session, error })
  }

  limitReached(limit: SessionLimitName, error: Error): void {
    this.#counters.limitReached(limit)
    const session = this.session
    if (session !== null) this.#monitor.emit('limitReached', { session, limit, error })
  }

  buffered(bytes: number): void {
    this.#memoryBudget?.grow(bytes, this.#environment)
  }

  frameDropped(direction: 'incoming' | 'outgoing', bytes: number): void {
    this.#counters.frameDropped(direction)
    const session = this.session
    if (session === null || !this.#monitor.hears('frameDropped')) return
    this.#monitor.emit('frameDropped', { session, direction, bytes })
  }

  closed(info: CloseInfo): void {
    this.#call.end(new DOMException('The session is over', 'AbortError'))
    const session = this.session
    if (session === null || !this.#monitor.hears('sessionClosed')) return
    this.#monitor.emit('sessionClosed', { session, info })
  }
}

/**
 * A session with its call. Functions are the wrapped session's own, which are bound, so that all members may
 * be destructured. One class for both levels: what raw sessions do not have is absent from their type, and
 * says so at run time.
 */
class ServerSession implements DefaultWebSocketServerSession {
  readonly call: UpgradeCall
  readonly #session: WebSocketSession
  readonly #default: DefaultWebSocketSession | null

  constructor(session: WebSocketSession, level: DefaultWebSocketSession | null, call: UpgradeCall) {
    this.call = call
    this.#session = session
    this.#default = level
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

  get outgoing(): SendChannel<Outbound> {
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
    return this.#requireDefault('pingInterval').pingInterval
  }

  set pingInterval(pingInterval: Duration | null) {
    this.#requireDefault('pingInterval').pingInterval = pingInterval
  }

  get timeout(): number {
    return this.#requireDefault('timeout').timeout
  }

  set timeout(timeout: Duration) {
    this.#requireDefault('timeout').timeout = timeout
  }

  get roundTripTime(): number | null {
    return this.#requireDefault('roundTripTime').roundTripTime
  }

  #requireDefault(member: string): DefaultWebSocketSession {
    if (this.#default !== null) return this.#default
    throw new TypeError(
      `Cannot use ${member} of a raw session: it sends no pings, expected webSocket()`,
    )
  }
}

const ID_BYTES = 16

/** 16 random bytes in base64url: different for every session there is. */
function createSessionId(environment: Environment): string {
  const bytes = environment.random(new Uint8Array(ID_BYTES))
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
