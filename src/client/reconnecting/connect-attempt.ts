/**
 * One attempt of a reconnecting connection: from the URL to the end of `opened`, with one deadline.
 */

import { asError, type Environment, untilAborted } from '../../base/internal.ts'
import type { CloseInfo } from '../../session/index.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { ConnectError, type ConnectStep } from '../opening/errors.ts'
import type { HeartbeatOwner } from './heartbeat.ts'
import type { OpenedFacts, ReconnectingSettings } from './reconnect-options.ts'
import type { Setback } from './reconnect-state.ts'

/** A session with the members that its heartbeat needs. */
export type HeartbeatSession<Session> = Session & HeartbeatOwner

/**
 * Opens one session. A `TypeError` or `RangeError` is a mistake of the caller: retrying cannot
 * help.
 */
export type Opener<Session> = (signal: AbortSignal) => Promise<HeartbeatSession<Session>>

/** Opens the sessions of a connection. */
export interface SessionSource<Session extends ClientSession> {
  /**
   * Gets the URL and the options, which may call user code. A failure may be retried.
   *
   * @param entered called when user code for another step than `url` begins.
   */
  prepare(signal: AbortSignal, entered: (step: 'renew') => void): Promise<Opener<Session>>
}

const OVER = new DOMException('The session is over', 'AbortError')

/** The result of an attempt. */
export type AttemptOutcome<Session> =
  | { readonly type: 'opened'; readonly session: Session }
  /** `isMistake`: retrying cannot help. */
  | { readonly type: 'failed'; readonly setback: Setback; readonly isMistake: boolean }

/** One attempt. */
export class ConnectAttempt<Session extends ClientSession> {
  readonly #source: SessionSource<Session>
  readonly #settings: ReconnectingSettings<Session>
  readonly #opened: (session: HeartbeatSession<Session>) => void
  /** Aborts when the attempt is given up or has ended. */
  readonly #limit = new AbortController()
  #session: Session | null = null
  /** The current step. */
  #step: ConnectStep = 'url'
  /** How the session ended; `null` while it is open. */
  #info: CloseInfo | null = null
  #isMistake = false

  /** @param opened called with the session before user code sees it. */
  constructor(
    source: SessionSource<Session>,
    settings: ReconnectingSettings<Session>,
    opened: (session: HeartbeatSession<Session>) => void,
  ) {
    this.#source = source
    this.#settings = settings
    this.#opened = opened
  }

  /**
   * Never rejects. Ends at the deadline, whatever user code does.
   *
   * @param leave aborts the attempt.
   */
  async run(
    clock: Environment['clock'],
    facts: Omit<OpenedFacts, 'signal'>,
    leave: AbortSignal,
  ): Promise<AttemptOutcome<Session>> {
    const onLeave = (): void => this.#limit.abort(leave.reason)
    leave.addEventListener('abort', onLeave)
    if (leave.aborted) onLeave()
    const deadline = this.#startDeadline(clock)
    try {
      return { type: 'opened', session: await this.#open(facts) }
    } catch (error) {
      const setback = await this.#explain(error)
      return { type: 'failed', setback, isMistake: this.#isMistake }
    } finally {
      leave.removeEventListener('abort', onLeave)
      deadline?.[Symbol.dispose]()
    }
  }

  #startDeadline(clock: Environment['clock']): Disposable | null {
    const { attemptTimeout } = this.#settings
    if (attemptTimeout === null) return null
    return clock.setTimer(attemptTimeout, () => {
      const step = this.#step
      const what = step === 'handshake' ? 'no session' : `the function "${step}" did not finish`
      this.#limit.abort(
        new ConnectError(step, `${what} within attemptTimeout (${attemptTimeout} ms)`),
      )
    })
  }

  async #open(facts: Omit<OpenedFacts, 'signal'>): Promise<Session> {
    const { signal } = this.#limit
    const entered = (step: ConnectStep): void => void (this.#step = step)
    const opener = await untilAborted(signal, this.#source.prepare(signal, entered))
    entered('handshake')
    const session = await untilAborted(signal, this.#connect(opener), drop)
    this.#opened(session)
    this.#session = session
    entered('opened')

    // The session may end while `opened` waits for something else.
    void session.closed.then((info) => {
      this.#info = info
      this.#limit.abort(OVER)
    })
    await untilAborted(signal, this.#runHook(session, { ...facts, signal }))
    return session
  }

  async #connect(opener: Opener<Session>): Promise<HeartbeatSession<Session>> {
    try {
      return await opener(this.#limit.signal)
    } catch (error) {
      this.#isMistake = error instanceof TypeError || error instanceof RangeError
      throw error
    }
  }

  async #runHook(session: Session, facts: OpenedFacts): Promise<void> {
    await this.#settings.opened(session, facts)
  }

  /** Turns a failure into a setback, and drops the session if there is one. */
  async #explain(error: unknown): Promise<Setback> {
    const session = this.#session
    const isEnding = session?.outgoing.isClosedForSend === true
    if (session !== null) drop(session)
    if (session !== null && isEnding && this.#info === null) {
      // `opened` failed because the session was ending. `closed` says how it ended.
      await untilAborted(this.#limit.signal, session.closed).catch(ignore)
    }
    return {
      info: isEnding ? this.#info : null,
      error: error === OVER ? null : asError(error, 'the attempt'),
    }
  }
}

/** Closes a session that is not used. `closeTimeout` limits its closing handshake. */
export function drop(session: ClientSession): void {
  void session.close()
  session.incoming.cancel()
}

function ignore(): void {}
