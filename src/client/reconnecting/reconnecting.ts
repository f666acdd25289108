/**
 * A reconnecting connection: one session after another, until it is closed or retrying cannot help.
 *
 * One loop: an attempt, a session, a wait. It has no I/O of its own: a source opens sessions, and
 * the environment provides time and randomness. The loop ends exactly once.
 */

import type { Clock } from '../../base/index.ts'
import {
  asError,
  addAbortListener,
  Deferred,
  type Environment,
  handled,
  type HasClock,
  kindOf,
  type LoopTurns,
  removeAbortListener,
  untilAborted,
} from '../../base/internal.ts'
import type { ReceiveChannel, ReceiveOptions, SendChannel } from '../../channels/index.ts'
import { coreOf, type JoinedChannel } from '../../channels/internal.ts'
import type { CloseReason, Frame } from '../../protocol/index.ts'
import type { CloseInfo, Outbound } from '../../session/index.ts'
import { Backoff, type Wait } from './backoff.ts'
import { BridgedOutgoing } from './bridged-outgoing.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { serverDelay, hasEndedNormally, mayReconnect } from './reconnect-policy.ts'
import {
  type AttemptOutcome,
  type HeartbeatSession,
  ConnectAttempt,
  drop,
  type SessionSource,
} from './connect-attempt.ts'
import type { ConnectionHint, ConnectionHints } from './connection-hints.ts'
import { Heartbeat, type HeartbeatState } from './heartbeat.ts'
import { joinIncoming } from './joined-incoming.ts'
import { ConnectError } from '../opening/errors.ts'
import { ConnectionLostError } from './reconnect-errors.ts'
import type { ReconnectingSettings } from './reconnect-options.ts'
import {
  type ConnectionEnd,
  type ConnectionState,
  type Setback,
  ObservableState,
} from './reconnect-state.ts'
import { ReconnectWait } from './reconnect-wait.ts'
import type { ReconnectingWebSocket } from './reconnecting-websocket.ts'

/** What a reconnecting connection needs from its platform. */
export interface ReconnectingDependencies<Session extends ClientSession> {
  readonly source: SessionSource<Session>
  /** On Node, its timers keep the process alive, because nothing else does between two sessions. */
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly loop: LoopTurns
  readonly settings: ReconnectingSettings<Session>
  /** `null`: none. */
  readonly hints: ConnectionHints | null
}

/** Why this side ends the connection. */
interface Leaving {
  readonly why: 'closed' | 'aborted'
  readonly cause: Error | null
}

const CLOSED: Leaving = { why: 'closed', cause: null }

/** See `ReconnectingWebSocket`. */
export class Reconnecting<Session extends ClientSession>
  implements ReconnectingWebSocket<Session>, HasClock
{
  readonly states: ReconnectingWebSocket<Session>['states']
  readonly whenOpen: ReconnectingWebSocket<Session>['whenOpen']
  readonly send: ReconnectingWebSocket<Session>['send']
  readonly retryNow: () => void
  readonly close: ReconnectingWebSocket<Session>['close']
  readonly #dependencies: ReconnectingDependencies<Session>
  readonly #state: ObservableState<Session>
  readonly #backoff: Backoff
  readonly #wait: ReconnectWait
  readonly #joined: JoinedChannel<Frame>
  /** The session that received each frame; `null` until `frameOrigins` is called. */
  #origins: WeakMap<Frame, ClientSession> | null = null
  readonly #bridge: BridgedOutgoing
  readonly #closed = new Deferred<ConnectionEnd>()
  /** Aborts the current wait. */
  readonly #leave = new AbortController()
  /** Aborts the current attempt. */
  #attempt: AbortController | null = null
  /** Aborts the closing handshake of the current session. */
  readonly #abortClosing = new AbortController()
  #leaving: Leaving | null = null
  #session: Session | null = null
  #wasOpen = false
  /** Why there is no session; `null` while there is one, and before the first failure. */
  #setback: Setback | null = null
  #heartbeat: Heartbeat | null = null

  constructor(dependencies: ReconnectingDependencies<Session>) {
    const { environment, loop, settings, hints } = dependencies
    this.#dependencies = dependencies
    this.#joined = joinIncoming(environment.clock, loop)
    this.#backoff = new Backoff(environment, settings.reconnect)
    this.#wait = new ReconnectWait(environment.clock, this.#backoff, hints)
    this.#bridge = new BridgedOutgoing(settings.whileAway, (reason) => this.#end(reason), loop)
    this.#state = new ObservableState(
      { type: 'connecting', attempt: 1, setback: null },
      environment.clock,
    )
    this.states = () => this.#state.iterate()
    this.whenOpen = (options) => handled(this.#whenOpen(options))
    this.send = (data, options) => this.#bridge.send(data, options)
    this.retryNow = () => this.#wait.end()
    this.close = (reason) => {
      this.#end(reason ?? null)
      return this.#closed.promise.then(ignore)
    }

    const { signal } = settings
    const onAborted = (): void => this.#abort(signal?.reason)
    if (signal !== null) addAbortListener(signal, onAborted)
    if (signal?.aborted === true) onAborted()
    const listener = hints?.listen((hint) => this.#onHint(hint))
    // Never rejects; `closed` reports the end.
    void this.#run().then(() => {
      if (signal !== null) removeAbortListener(signal, onAborted)
      listener?.[Symbol.dispose]()
    })
  }

  /**
   * Returns the session that received each frame of `incoming`, recorded from the first call on.
   */
  frameOrigins(): WeakMap<Frame, ClientSession> {
    this.#origins ??= new WeakMap()
    return this.#origins
  }

  /** The clock for code that waits on behalf of this connection. */
  get clock(): Clock {
    return this.#dependencies.environment.clock
  }

  get state(): ConnectionState<Session> {
    return this.#state.value
  }

  get incoming(): ReceiveChannel<Frame> {
    return this.#joined.channel
  }

  get outgoing(): SendChannel<Outbound> {
    return this.#bridge
  }

  get closed(): Promise<ConnectionEnd> {
    return this.#closed.promise
  }

  get heartbeat(): HeartbeatState | null {
    return this.#heartbeat?.state ?? null
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Closes the session, then the connection. @throws for a reason that must not be sent. */
  #end(reason: CloseReason | null): void {
    if (this.#leaving !== null) return
    if (this.#session !== null) {
      this.#bridge.flush()
      void this.#session.close(reason ?? undefined)
    }
    this.#startLeaving(CLOSED)
  }

  /** Ends the connection without waiting for a closing handshake. */
  #abort(reason: unknown): void {
    const cause =
      reason instanceof Error
        ? reason
        : new Error('Cannot continue the connection: its signal aborted', { cause: reason })
    this.#startLeaving({ why: 'aborted', cause })
    this.#abortClosing.abort()
  }

  #startLeaving(leaving: Leaving): void {
    this.#leaving = leaving
    this.#bridge.end(leaving.cause)
    this.#attempt?.abort(leaving.cause)
    this.#leave.abort(leaving.cause)
  }

  async #run(): Promise<void> {
    for (;;) {
      const lost = await this.#runAttempt(this.#setback)
      if (lost === null) break
      const { setback } = lost
      this.#setback = setback
      const decision = this.#decide(lost)
      // `shouldReconnect` may have closed the connection.
      if (this.#isLeaving()) break
      if ('why' in decision) {
        this.#finish(decision)
        return
      }
      await this.#waitFor(decision, setback)
    }
    this.#finish(this.#leaving ?? CLOSED)
  }

  /**
   * Runs one attempt, and the whole session if it opens one.
   *
   * @returns why there is no session; `null` if this side ends the connection.
   */
  async #runAttempt(before: Setback | null): Promise<LostSession | null> {
    if (this.#leaving !== null) return null
    const attempt = this.#backoff.begin()
    this.#state.value = { type: 'connecting', attempt, setback: before }
    const outcome = await this.#connect(attempt)
    if (outcome.type === 'opened') {
      const setback = await this.#serve(outcome.session, attempt)
      return this.#isLeaving() ? null : { setback, isMistake: false }
    }
    return this.#isLeaving() ? null : outcome
  }

  /** A method, because the answer may change during any `await`. */
  #isLeaving(): boolean {
    return this.#leaving !== null
  }

  #connect(attempt: number): Promise<AttemptOutcome<Session>> {
    const { environment, settings, source } = this.#dependencies
    const opened = (session: HeartbeatSession<Session>): void => this.#startHeartbeat(session)
    const facts = { attempt, isReconnect: this.#wasOpen }
    this.#attempt = new AbortController()
    const { signal } = this.#attempt
    return new ConnectAttempt(source, settings, opened).run(environment.clock, facts, signal)
  }

  /** Starts the heartbeat of a new session. */
  #startHeartbeat(session: HeartbeatSession<Session>): void {
    const { settings, environment } = this.#dependencies
    if (settings.heartbeat === null) return
    const isKnown = this.#heartbeat?.state === 'supported'
    const heartbeat = new Heartbeat(environment.clock, settings.heartbeat, session, isKnown)
    this.#heartbeat = heartbeat
    void session.closeReason.then(() => heartbeat.stop())
  }

  /** Publishes the session until it has ended. */
  async #serve(session: Session, attempt: number): Promise<Setback> {
    const { clock } = this.#dependencies.environment
    const openedAt = clock.now()
    let info: CloseInfo | null = null
    if (this.#leaving === null) {
      this.#wasOpen = true
      this.#setback = null
      this.#session = session
      this.#bridge.sessionOpened(session)
      this.#state.value = { type: 'open', attempt, session }
      this.#joined.onTaken = (frame) => this.#origins?.set(frame, session)
      this.#joined.follow(coreOf(session.incoming))
      info = await untilAborted(this.#abortClosing.signal, session.closed).catch(returnNull)
      if (info === null) drop(session)
      this.#session = null
      this.#bridge.sessionEnded()
      this.#joined.leaveSource()
      this.#joined.onTaken = null
    } else {
      // Closed between the end of `opened` and this line.
      drop(session)
    }
    this.#backoff.lasted(clock.now() - openedAt)
    return { info, error: null }
  }

  /** Decides whether to wait for another attempt or to end the connection. */
  #decide({ setback, isMistake }: LostSession): Wait | FinalEnd {
    const { shouldReconnect } = this.#dependencies.settings.reconnect
    try {
      const answer = readAnswer(shouldReconnect(setback, this.#backoff.attempts))
      if (!(answer ?? (!isMistake && mayReconnect(setback)))) {
        const isNormal = hasEndedNormally(setback)
        return { why: 'final', cause: isNormal ? null : new ConnectionLostError('final', setback) }
      }
    } catch (error) {
      return { why: 'final', cause: asError(error, 'the attempt') }
    }
    const wait = this.#backoff.next(serverDelay(setback, this.#backoff.chance()))
    return wait ?? { why: 'exhausted', cause: new ConnectionLostError('exhausted', setback) }
  }

  #waitFor(wait: Wait, setback: Setback): Promise<void> {
    const attempt = this.#backoff.attempts + 1
    return this.#wait.run(wait, this.#leave.signal, (delay, retryAt) => {
      this.#state.value = { type: 'waiting', attempt, delay, retryAt, setback }
    })
  }

  #onHint(hint: ConnectionHint): void {
    const isBack = this.#wait.onHint(hint)
    if (hint === 'left') this.#attempt?.abort(new ConnectError('connect', 'the page was left'))
    else if (isBack && this.#session !== null) this.#heartbeat?.ask()
  }

  #finish({ why, cause }: Leaving | FinalEnd): void {
    this.#bridge.end(cause)
    this.#joined.close(cause)
    const end = { why, setback: this.#setback, cause, unsent: this.#bridge.unsent }
    this.#state.value = { type: 'closed', end }
    this.#closed.resolve(end)
  }

  /** Code that calls a function again and again after the end must not block the event loop. */
  #turn(): Promise<void> | null {
    const { loop } = this.#dependencies
    loop.spend(0)
    return loop.delay(this)
  }

  async #whenOpen(options: ReceiveOptions | undefined): Promise<Session> {
    const states = this.#state.watch()
    try {
      for (;;) {
        // After `closed` there are no more states, and `receive` rejects.
        const state = await states.receive(options)
        if (state.type === 'open') return state.session
        if (state.type === 'closed') {
          await this.#turn()
          if (state.end.cause !== null) throw state.end.cause
        }
      }
    } finally {
      states.cancel()
    }
  }
}

/** Why there is no session. */
interface LostSession {
  readonly setback: Setback
  readonly isMistake: boolean
}

interface FinalEnd {
  readonly why: 'final' | 'exhausted'
  readonly cause: Error | null
}

/**
 * Checks the result of `shouldReconnect`.
 *
 * @throws {TypeError} for any other type. A promise would count as `true`.
 */
function readAnswer(answer: unknown): boolean | null {
  if (typeof answer === 'boolean') return answer
  if (answer === undefined || answer === null) return null
  // The error below says more than a rejection of the promise.
  Promise.resolve(answer).catch(ignore)
  throw new TypeError(
    `Cannot reconnect: shouldReconnect returned ${answer instanceof Promise ? 'a promise' : kindOf(answer)}, expected true, false or undefined`,
  )
}

function ignore(): void {}

function returnNull(): null {
  return null
}
