/**
 * One attempt of a connection that comes back: from the URL to the end of `opened`, under one deadline.
 */

import type { Environment } from '../../base/internal.ts'
import type { CloseInfo } from '../../session/index.ts'
import type { ClientSession } from '../opening/client-session.ts'
import { ConnectError, type ConnectStep } from '../opening/errors.ts'
import type { OpenedFacts, ReconnectingSettings } from './reconnect-options.ts'
import type { Setback } from './reconnect-state.ts'
import { untilAborted } from './until-aborted.ts'

/** Opens one session. Its `TypeError`s and `RangeError`s are mistakes, which no further attempt mends. */
export type Opener<Session> = (signal: AbortSignal) => Promise<Session>

/** What gets sessions. */
export interface SessionSource<Session extends ClientSession> {
  /**
   * Finds out the address and the options, by user code if need be. After a failure another attempt may help.
   *
   * @param entered is called when user code of another step than `url` begins.
   */
  prepare(signal: AbortSignal, entered: (step: 'renew') => void): Promise<Opener<Session>>
}

const OVER = new DOMException('The session is over', 'AbortError')

/** What came of an attempt. */
export type AttemptOutcome<Session> =
  | { readonly type: 'opened'; readonly session: Session }
  /** `isMistake`: no further attempt mends it. */
  | { readonly type: 'failed'; readonly setback: Setback; readonly isMistake: boolean }

/** One attempt. */
export class ConnectAttempt<Session extends ClientSession> {
  readonly #source: SessionSource<Session>
  readonly #settings: ReconnectingSettings<Session>
  readonly #wrap: (session: Session) => Session
  /** Fires when nobody waits for the attempt any more. */
  readonly #limit = new AbortController()
  #session: Session | null = null
  /** What is under way. */
  #step: ConnectStep = 'url'
  /** How it ended; `null` while it has not. */
  #info: CloseInfo | null = null
  #isMistake = false

  /** @param wrap is done to the session before anybody sees it. */
  constructor(
    source: SessionSource<Session>,
    settings: ReconnectingSettings<Session>,
    wrap: (session: Session) => Session,
  ) {
    this.#source = source
    this.#settings = settings
    this.#wrap = wrap
  }

  /**
   * Never rejects; comes to an end at the deadline at the latest, whatever others do.
   *
   * @param leave fires when the attempt is to be given up.
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
    const opened = await untilAborted(signal, this.#connect(opener), drop)
    const session = this.#wrap(opened)
    this.#session = session
    entered('opened')

    // It may end while `opened` waits for something else.
    void session.closed.then((info) => {
      this.#info = info
      this.#limit.abort(OVER)
    })
    await untilAborted(signal, this.#runHook(session, { ...facts, signal }))
    return session
  }

  async #connect(opener: Opener<Session>): Promise<Session> {
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

  /** What the failure comes to; the session is let go. */
  async #explain(error: unknown): Promise<Setback> {
    const session = this.#session
    const isEnding = session?.outgoing.isClosedForSend === true
    if (session !== null) drop(session)
    if (session !== null && isEnding && this.#info === null) {
      // It was ending before we knew, which is why `opened` failed; how, it says as soon as it is over.
      await untilAborted(this.#limit.signal, session.closed).catch(ignore)
    }
    return {
      info: isEnding ? this.#info : null,
      error: error === OVER ? null : asError(error),
    }
  }
}

/** Lets go of a session that nobody wants. Its own deadline sees to its end. */
export function drop(session: ClientSession): void {
  void session.close()
  session.incoming.cancel()
}

function ignore(): void {}

/** What somebody threw, as an error. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error
  return new TypeError(
    'Cannot tell why the attempt failed: it threw something that is not an Error',
  )
}
