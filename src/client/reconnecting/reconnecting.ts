/**
 * A connection that comes back: one session after another, until it is closed or coming back would not help.
 *
 * One loop does all of it: an attempt, the session that comes of it, a wait. It has no I/O of its own; sessions come from
 * a source, time and chance from the environment. The loop ends exactly once, and with it everything else.
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
import type {
  ReceiveChannel,
  ReceiveOptions,
  SendChannel,
  SendOptions,
} from '../../channels/index.ts'
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
import { untilAborted } from './until-aborted.ts'

/**
 * A connection that comes back. Made by `connect`, which returns at once; the first attempt is then under way.
 *
 * What was received or sent by one session is not by another: see docs/reconnecting.md for what may be lost. Every
 * function may be taken off the object.
 */
export interface ReconnectingWebSocket<
  Session extends ClientSession = ClientSession,
> extends AsyncDisposable {
  /** Where it stands. */
  readonly state: ConnectionState<Session>

  /**
   * The states from now on, beginning with the present one, ending after `closed`. Each iterator sees the latest: one
   * that is slow misses those between. It holds one state at most; leaving the loop frees it.
   */
  readonly states: () => AsyncIterableIterator<ConnectionState<Session>, undefined, undefined>

  /**
   * Resolves with the session once there is one, at once if there is. Rejects with the reason of `options.signal`, and
   * when the connection is over before: with its cause, or with `ClosedReceiveChannelError` after a normal end.
   */
  readonly whenOpen: (options?: ReceiveOptions) => Promise<Session>

  /**
   * What all sessions receive, one after another. Bounded as the session's own, which makes the peer wait. It ends when
   * the connection does: normally after `close()` or a server's Close 1000, else with `ConnectionLostError` or the reason of
   * the signal. Cancelling it drops what is received from then on, and does not end the connection.
   */
  readonly incoming: ReceiveChannel<Frame>

  /** What goes to the session that there is; `send` is this channel's. */
  readonly outgoing: SendChannel<Outbound>

  /**
   * Sends one whole message: a `Frame.Text` or `Frame.Binary`, a string (as text) or bytes. Resolves when a session has
   * it in its queue, or when it is kept for one (`whileAway`). It is given to one session at most: whether it arrives
   * when that session is lost, nobody knows.
   *
   * Rejects with `NotConnectedError`, or `ChannelOverflowError`, as `whileAway` says, with `ClosedSendChannelError` once the
   * connection is closed, and as `send` of a session does. `send(new Frame.Close(r))` is `close(r)`.
   */
  readonly send: (data: Outbound, options?: SendOptions) => Promise<void>

  /**
   * Ends a wait at once, one that the server has asked for too: for a button that somebody presses. Does nothing in other
   * states.
   */
  readonly retryNow: () => void

  /**
   * Ends it for good: a session that is open is closed with `reason` (1000 by default), an attempt or a wait is given up.
   * Resolves when it is over; never rejects, and need not be awaited. Only the first call counts. It throws, at the
   * call, what `close` of a session throws for a reason that may not travel.
   */
  readonly close: (reason?: CloseReason) => Promise<void>

  /** Resolves when it is over, for good. Never rejects. */
  readonly closed: Promise<ConnectionEnd>

  /** What the heartbeat of the last session has found out; `null` without a heartbeat, and before the first session. */
  readonly heartbeat: HeartbeatState | null

  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What a connection is made of. */
export interface ReconnectingParts<Session extends ClientSession> {
  readonly source: SessionSource<Session>
  /** Its timers must keep the process alive, where that matters: between two sessions nothing else does. */
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly loop: LoopTurns
  readonly settings: ReconnectingSettings<Session>
  /** `null`: none. */
  readonly hints: ConnectionHints | null
}

/** Why it is to end, before it has. */
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
  /** Which session has received a frame; `null`: not recorded. */
  #origins: WeakMap<Frame, ClientSession> | null = null
  readonly #bridge: BridgedOutgoing
  readonly #closed = new Deferred<ConnectionEnd>()
  /** Gives up the wait that is under way. */
  readonly #leave = new AbortController()
  /** Gives up the attempt that is under way. */
  #attempt: AbortController | null = null
  /** Settles when the page is shown again; `null` while it is shown. */
  #hidden: Deferred<void> | null = null
  /** Gives up the closing handshake of the session that there is. */
  readonly #forsake = new AbortController()
  #leaving: Leaving | null = null
  #session: Session | null = null
  #wasOpen = false
  /** Why there is no session; `null` while there is one, and before the first attempt has failed. */
  #setback: Setback | null = null
  #heartbeat: Heartbeat | null = null
  /** The wait that is under way. */
  #wait: {
    /** Makes it end in so many milliseconds, if that is sooner. */
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

  /** For code that needs the time of this session. */
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

  /** The polite end. @throws what a session's `close` throws for its reason; nothing has happened then. */
  end(reason: CloseReason | null): void {
    if (this.#leaving !== null) return
    if (this.#session !== null) {
      this.#bridge.flush()
      void this.#session.close(reason ?? undefined)
    }
    this.#startLeaving(CLOSED)
  }

  /** The impolite end: nobody is waited for. */
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
   * One attempt, and all of the session that may come of it.
   *
   * @returns why there is no session now; `null` if that is because the connection is to end.
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

  /** Asked again after each wait: the answer may have changed meanwhile. */
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

  /** The session is open, until it is over. */
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

  /** What follows from a setback: a wait, or the end. */
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

    // Without any network nobody is in a hurry; a hint will tell when there is one again.
    endIn(hints?.isOnline === false ? Math.max(delay, this.#backoff.longest) : delay)
    this.#wait = { endIn, isAsked }
    await untilAborted(this.#leave.signal, over.promise).catch(ignore)
    // A page that is kept for the Back button must open nothing.
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
        // After `closed` there are no more states, which is what this rejects with.
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
 * What `shouldReconnect` has answered.
 *
 * @throws {TypeError} for anything but an answer, such as a promise: it would count as "yes".
 */
function readAnswer(answer: unknown): boolean | null {
  if (typeof answer === 'boolean') return answer
  if (answer === undefined || answer === null) return null
  // If it is a promise that rejects, the error below says more.
  Promise.resolve(answer).catch(ignore)
  throw new TypeError(
    `Cannot ask shouldReconnect: it returned ${answer instanceof Promise ? 'a promise' : kindOf(answer)}, expected true, false or undefined`,
  )
}

function ignore(): void {}

function forsaken(): null {
  return null
}
