/**
 * A reconnecting connection: one session after another, until it is closed or trying again cannot
 * help.
 *
 * One loop does all of it: an attempt, a session, a wait. It has no I/O of its own: a source opens
 * sessions, and the environment provides time and chance. The loop ends exactly once.
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
} from '../../base/internal.ts'
import type { ReceiveChannel, ReceiveOptions, SendChannel } from '../../channels/index.ts'
import { coreOf, type JoinedChannel } from '../../channels/internal.ts'
import type { CloseReason, Frame } from '../../protocol/index.ts'
import type { CloseInfo, Outbound } from '../../session/index.ts'
import { Backoff, type Wait } from './backoff.ts'
import { BridgedOutgoing, type BridgeOwner } from './bridged-outgoing.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { askedDelay, hasEndedWell, mayComeBack } from './come-back.ts'
import {
  type AttemptOutcome,
  type Beating,
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
  StateBoard,
} from './reconnect-state.ts'
import type { ReconnectingWebSocket } from './reconnecting-websocket.ts'
import { untilAborted } from './until-aborted.ts'

/** The parts of a connection. */
export interface ReconnectingParts<Session extends ClientSession> {
  readonly source: SessionSource<Session>
  /** On Node, its timers keep the process alive: between two sessions nothing else does. */
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly loop: LoopTurns
  readonly settings: ReconnectingSettings<Session>
  /** `null`: none. */
  readonly hints: ConnectionHints | null
}

/** Why the connection is about to end. */
interface Leaving {
  readonly why: 'closed' | 'aborted'
  readonly cause: Error | null
}

const CLOSED: Leaving = { why: 'closed', cause: null }

/** See `ReconnectingWebSocket`. */
export class Reconnecting<Session extends ClientSession>
  implements ReconnectingWebSocket<Session>, BridgeOwner, HasClock
{
  readonly states: ReconnectingWebSocket<Session>['states']
  readonly whenOpen: ReconnectingWebSocket<Session>['whenOpen']
  readonly send: ReconnectingWebSocket<Session>['send']
  readonly retryNow: () => void
  readonly close: ReconnectingWebSocket<Session>['close']
  readonly #parts: ReconnectingParts<Session>
  readonly #board: StateBoard<Session>
  readonly #backoff: Backoff
  readonly #joined: JoinedChannel<Frame>
  /** Which session has received a frame; `null` while nobody has asked. */
  #origins: WeakMap<Frame, ClientSession> | null = null
  readonly #bridge: BridgedOutgoing
  readonly #closed = new Deferred<ConnectionEnd>()
  /** Gives up the current wait. */
  readonly #leave = new AbortController()
  /** Gives up the current attempt. */
  #attempt: AbortController | null = null
  /** Settles when the page is shown again; `null` while it is shown. */
  #hidden: Deferred<void> | null = null
  /** Gives up the closing handshake of the current session. */
  readonly #forsake = new AbortController()
  #leaving: Leaving | null = null
  #session: Session | null = null
  #wasOpen = false
  /** Why there is no session; `null` while there is one, and before a first failure. */
  #setback: Setback | null = null
  #heartbeat: Heartbeat | null = null
  /** The current wait. */
  #wait: {
    /** Makes the wait end in `delayMs`, if that is sooner. */
    readonly endIn: (delayMs: number) => void
    /** See `Wait.isAsked`. */
    readonly isAsked: boolean
  } | null = null

  constructor(parts: ReconnectingParts<Session>) {
    const { environment, loop, settings, hints } = parts
    this.#parts = parts
    this.#joined = joinIncoming(environment.clock, loop)
    this.#backoff = new Backoff(environment, settings.reconnect)
    this.#bridge = new BridgedOutgoing(settings.whileAway, this, loop)
    this.#board = new StateBoard(
      { type: 'connecting', attempt: 1, setback: null },
      environment.clock,
    )
    this.states = () => this.#board.iterate()
    this.whenOpen = (options) => handled(this.#whenOpen(options))
    this.send = (data, options) => this.#bridge.send(data, options)
    this.retryNow = () => this.#wait?.endIn(0)
    this.close = (reason) => {
      this.end(reason ?? null)
      return this.#closed.promise.then(ignore)
    }

    const { signal } = settings
    const onAborted = (): void => this.#abort(signal?.reason)
    if (signal !== null) addAbortListener(signal, onAborted)
    if (signal?.aborted === true) onAborted()
    const listener = hints?.listen((hint) => this.#hinted(hint))
    // Never rejects; `closed` tells of its end.
    void this.#run().then(() => {
      if (signal !== null) removeAbortListener(signal, onAborted)
      listener?.[Symbol.dispose]()
    })
  }

  /** Which session has received a frame of `incoming`; recorded from the first call on. */
  frameOrigins(): WeakMap<Frame, ClientSession> {
    this.#origins ??= new WeakMap()
    return this.#origins
  }

  /** The clock for code that waits on behalf of this connection. */
  get clock(): Clock {
    return this.#parts.environment.clock
  }

  get state(): ConnectionState<Session> {
    return this.#board.state
  }

  get incoming(): ReceiveChannel<Frame> {
    return this.#joined
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

  /** Closes the session, then the connection. @throws what `close` of a session throws for `reason`. */
  end(reason: CloseReason | null): void {
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
        : new Error('Cannot go on with the connection: its signal has fired', { cause: reason })
    this.#startLeaving({ why: 'aborted', cause })
    this.#forsake.abort()
  }

  #startLeaving(leaving: Leaving): void {
    this.#leaving = leaving
    this.#bridge.end(leaving.cause)
    this.#attempt?.abort(leaving.cause)
    this.#leave.abort(leaving.cause)
  }

  async #run(): Promise<void> {
    for (;;) {
      const ending = await this.#turn(this.#setback)
      if (ending === null) break
      const { setback } = ending
      this.#setback = setback
      const verdict = this.#judge(ending)
      // `shouldReconnect` may have closed the connection.
      if (this.#isLeaving()) break
      if ('why' in verdict) {
        this.#finish(verdict)
        return
      }
      await this.#waitFor(verdict, setback)
    }
    this.#finish(this.#leaving ?? CLOSED)
  }

  /**
   * One attempt, and the whole session if it opens one.
   *
   * @returns why there is no session now; `null` if the connection is about to end.
   */
  async #turn(before: Setback | null): Promise<Ending | null> {
    if (this.#leaving !== null) return null
    const attempt = this.#backoff.begin()
    this.#board.state = { type: 'connecting', attempt, setback: before }
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
    const { environment, settings, source } = this.#parts
    const opened = (session: Beating<Session>): void => this.#beat(session)
    const facts = { attempt, isReconnect: this.#wasOpen }
    this.#attempt = new AbortController()
    const { signal } = this.#attempt
    return new ConnectAttempt(source, settings, opened).run(environment.clock, facts, signal)
  }

  /** Gives a new session its heartbeat. */
  #beat(session: Beating<Session>): void {
    const { settings, environment } = this.#parts
    if (settings.heartbeat === null) return
    const isKnown = this.#heartbeat?.state === 'supported'
    const heartbeat = new Heartbeat(environment.clock, settings.heartbeat, session, isKnown)
    this.#heartbeat = heartbeat
    void session.closeReason.then(() => heartbeat.stop())
  }

  /** Shows the session as open until it is over. */
  async #serve(session: Session, attempt: number): Promise<Setback> {
    const { clock } = this.#parts.environment
    const openedAt = clock.now()
    let info: CloseInfo | null = null
    if (this.#leaving === null) {
      this.#wasOpen = true
      this.#setback = null
      this.#session = session
      this.#bridge.begin(session)
      this.#board.state = { type: 'open', attempt, session }
      this.#joined.onTaken = (frame) => this.#origins?.set(frame, session)
      this.#joined.follow(coreOf(session.incoming))
      info = await untilAborted(this.#forsake.signal, session.closed).catch(forsaken)
      if (info === null) drop(session)
      this.#session = null
      this.#bridge.away()
      this.#joined.leaveSource()
      this.#joined.onTaken = null
    } else {
      // Closed in the moment between the end of `opened` and this.
      drop(session)
    }
    this.#backoff.lasted(clock.now() - openedAt)
    return { info, error: null }
  }

  /** Decides between a wait and the end. */
  #judge({ setback, isMistake }: Ending): Wait | Verdict {
    const { shouldReconnect } = this.#parts.settings.reconnect
    try {
      const answer = readAnswer(shouldReconnect(setback, this.#backoff.attempts))
      if (!(answer ?? (!isMistake && mayComeBack(setback)))) {
        const isGood = hasEndedWell(setback)
        return { why: 'final', cause: isGood ? null : new ConnectionLostError('final', setback) }
      }
    } catch (error) {
      return { why: 'final', cause: asError(error, 'the attempt') }
    }
    const wait = this.#backoff.next(askedDelay(setback, this.#backoff.chance()))
    return wait ?? { why: 'exhausted', cause: new ConnectionLostError('exhausted', setback) }
  }

  async #waitFor({ delay, isAsked }: Wait, setback: Setback): Promise<void> {
    const { environment, hints } = this.#parts
    const { clock } = environment
    const over = new Deferred<void>()
    const alarm: { timer: Disposable | null; at: number } = { timer: null, at: Infinity }
    const endIn = (delayMs: number): void => {
      const now = clock.now()
      if (now + delayMs >= alarm.at) return
      alarm.at = now + delayMs
      alarm.timer?.[Symbol.dispose]()
      alarm.timer = clock.setTimer(delayMs, () => void over.resolve())
      this.#board.state = {
        type: 'waiting',
        attempt: this.#backoff.attempts + 1,
        delay: delayMs,
        retryAt: alarm.at,
        setback,
      }
    }

    // Without a network the longest wait applies; a hint reports when the network is back.
    endIn(hints?.isOnline === false ? Math.max(delay, this.#backoff.longest) : delay)
    this.#wait = { endIn, isAsked }
    await untilAborted(this.#leave.signal, over.promise).catch(ignore)
    // A page that the browser keeps for the Back button must not connect.
    if (this.#hidden !== null)
      await untilAborted(this.#leave.signal, this.#hidden.promise).catch(ignore)
    this.#wait = null
    alarm.timer?.[Symbol.dispose]()
    this.#backoff.waited(alarm.at)
  }

  #hinted(hint: ConnectionHint): void {
    if (hint === 'left') {
      this.#hidden ??= new Deferred()
      this.#attempt?.abort(new ConnectError('connect', 'the page was left'))
      return
    }
    if (hint === 'shown') {
      if (this.#hidden === null) return
      this.#hidden.resolve()
      this.#hidden = null
    } else if (hint !== 'online' && hint !== 'visible') return
    if (this.#wait?.isAsked === false) this.#wait.endIn(this.#backoff.shortest())
    if (this.#session !== null) this.#heartbeat?.ask()
  }

  #finish({ why, cause }: Leaving | Verdict): void {
    this.#bridge.end(cause)
    this.#joined.close(cause)
    const end = { why, setback: this.#setback, cause, unsent: this.#bridge.unsent }
    this.#board.state = { type: 'closed', end }
    this.#closed.resolve(end)
  }

  async #whenOpen(options: ReceiveOptions | undefined): Promise<Session> {
    const states = this.#board.watch()
    try {
      for (;;) {
        // After `closed` there are no more states: `receive` rejects.
        const state = await states.receive(options)
        if (state.type === 'open') return state.session
        if (state.type === 'closed' && state.end.cause !== null) throw state.end.cause
      }
    } finally {
      states.cancel()
    }
  }
}

/** Why there is no session any more. */
interface Ending {
  readonly setback: Setback
  readonly isMistake: boolean
}

interface Verdict {
  readonly why: 'final' | 'exhausted'
  readonly cause: Error | null
}

/**
 * Checks what `shouldReconnect` returned.
 *
 * @throws {TypeError} for any other type. A promise would count as "yes".
 */
function readAnswer(answer: unknown): boolean | null {
  if (typeof answer === 'boolean') return answer
  if (answer === undefined || answer === null) return null
  // If the promise rejects, the error below says more.
  Promise.resolve(answer).catch(ignore)
  throw new TypeError(
    `Cannot ask shouldReconnect: it returned ${answer instanceof Promise ? 'a promise' : kindOf(answer)}, expected true, false or undefined`,
  )
}

function ignore(): void {}

function forsaken(): null {
  return null
}
