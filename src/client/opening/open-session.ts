/**
 * Opens a session as a client (RFC 6455 §4.1, RFC 8441 §5): sends the request, keeps its deadlines,
 * follows redirects, and checks the answer. The dialer does the rest.
 */

import type { Environment, WheelTimer } from '../../base/internal.ts'
import { type AgreedExtension, agreeAnswers, offersOf } from '../../extensions/internal.ts'
import type { HeaderList } from '../../protocol/index.ts'
import {
  checkConnectResponse,
  checkServerResponse,
  type ClientHandshake,
  createClientHandshake,
  HandshakeError,
} from '../../protocol/internal.ts'
import { ACT, type ClientSettings } from './client-options.ts'
import { isSameOrigin, readRedirect, readUrl } from './client-url.ts'
import type { DialAnswered, Dialer, DialOutcome, DialSwitched } from './dialer.ts'
import { ConnectError, type NetworkStep, UpgradeRefusedError } from './errors.ts'
import { LeaveSignals } from './leave-signals.ts'
import { type ClientOpening, OpenedSession } from './opened-session.ts'
import { composeHeaders, type RequestTarget, withoutCredentials } from './request-headers.ts'

/** What the owner of a session adds: a client, or a test. */
export interface OpeningExtras {
  /** The session's id; `null`: 16 random bytes. */
  readonly id: string | null
  /** Called with the error of a block or a task of the session. */
  readonly failed: (error: unknown) => void
  /** Ends the session, like the user's signal. @defaultValue none */
  readonly life?: AbortSignal
  /** Called when the session has ended. @defaultValue nothing */
  readonly ended?: () => void
}

const NO_EXTRAS: OpeningExtras = { id: null, failed: () => {} }

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** One request: the first, or one that follows a redirect. */
interface Attempt {
  readonly target: RequestTarget
  /** The headers of the options, without those that a redirect dropped. */
  readonly headers: HeaderList
  readonly isElsewhere: boolean
  readonly redirectsLeft: number
}

/**
 * Connects to `url` and opens a session.
 *
 * @throws (by rejecting) {TypeError} for an invalid URL; {ConnectError} if no connection is made,
 *   or if the answer violates the protocol; {UpgradeRefusedError} if the server refuses; the reason
 *   of a signal that aborts.
 */
export async function openSession(
  dialer: Dialer,
  environment: Environment,
  url: string | URL,
  settings: ClientSettings,
  extras: OpeningExtras = NO_EXTRAS,
): Promise<OpenedSession> {
  const leave = new LeaveSignals(settings.signal, extras.life ?? null)
  let attempt: Attempt = {
    target: readUrl(ACT, url),
    headers: settings.headers,
    isElsewhere: false,
    redirectsLeft: settings.maxRedirects,
  }
  while (true) {
    leave.throwIfAborted()
    const handshake = createClientHandshake({
      random: environment.random,
      protocols: settings.protocols,
      extensions: offersOf(settings.extensions),
    })
    const outcome = await dial(dialer, environment, attempt, handshake, settings, leave)
    if (outcome.type === 'switched') {
      return begin(outcome, environment, attempt, handshake, settings, leave, extras)
    }
    attempt = afterAnswer(outcome, attempt, settings.maxRedirects)
  }
}

/** Sends one request under its deadlines and the signals. Both are released at the end. */
async function dial(
  dialer: Dialer,
  environment: Environment,
  attempt: Attempt,
  handshake: ClientHandshake,
  settings: ClientSettings,
  leave: LeaveSignals,
): Promise<DialOutcome> {
  const headers = composeHeaders(ACT, attempt.target, handshake, attempt.headers)
  const deadlines = new RequestDeadlines(environment, settings, leave)
  try {
    const outcome = await dialer.dial({
      url: attempt.target.url,
      headers,
      isElsewhere: attempt.isElsewhere,
      connectTimeout: settings.connectTimeout,
      entered: (step) => deadlines.entered(step),
      signal: deadlines.signal,
    })
    if (leave.aborted && outcome.type === 'switched') outcome.transport.abort()
    leave.throwIfAborted()
    return outcome
  } finally {
    deadlines.end()
  }
}

/** The deadlines of one request, combined with the signals. */
class RequestDeadlines {
  readonly #environment: Environment
  readonly #settings: ClientSettings
  readonly #leave: LeaveSignals
  readonly #controller = new AbortController()
  #step: NetworkStep = 'resolve'
  #timer: WheelTimer | null = null

  constructor(environment: Environment, settings: ClientSettings, leave: LeaveSignals) {
    this.#environment = environment
    this.#settings = settings
    this.#leave = leave
    leave.add(this.#onAborted)
    this.#startTimer(settings.connectTimeout, 'no connection')
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  entered(step: NetworkStep): void {
    this.#step = step
    if (step !== 'handshake') return
    this.#timer?.cancel()
    this.#startTimer(this.#settings.handshakeTimeout, 'no answer')
  }

  end(): void {
    this.#timer?.cancel()
    this.#leave.remove(this.#onAborted)
  }

  #startTimer(timeoutMs: number | null, what: string): void {
    if (timeoutMs === null) return
    this.#timer = this.#environment.timers.schedule(timeoutMs, () => {
      this.#controller.abort(new ConnectError(this.#step, `${what} within ${timeoutMs} ms`))
    })
  }

  readonly #onAborted = (): void => {
    this.#controller.abort(this.#leave.reason)
  }
}

/** Opens the session on a switched connection, if the server's answer is valid. */
function begin(
  outcome: DialSwitched,
  environment: Environment,
  { target }: Attempt,
  handshake: ClientHandshake,
  settings: ClientSettings,
  leave: LeaveSignals,
  { id, failed, ended = () => {} }: OpeningExtras,
): OpenedSession {
  const { response, transport } = outcome
  const { protocol, extensions } = agree(handshake, outcome, settings)
  const opening: ClientOpening = {
    url: target.url.href,
    response,
    protocol,
    extensions,
    settings: settings.session,
    environment,
    leave,
    id,
    failed,
    ended,
  }
  try {
    return new OpenedSession(opening, transport)
  } catch (error) {
    // An extension has thrown. The connection has no session that would end it.
    transport.abort()
    throw error
  }
}

interface Agreement {
  readonly protocol: string | null
  readonly extensions: readonly AgreedExtension[]
}

function agree(
  handshake: ClientHandshake,
  { bootstrap, response, transport }: DialSwitched,
  settings: ClientSettings,
): Agreement {
  const check = bootstrap === 'connect' ? checkConnectResponse : checkServerResponse
  try {
    const { protocol, extensions } = check(handshake, response)
    const agreed = agreeAnswers(settings.extensions, extensions)
    if (agreed !== null) return { protocol, extensions: agreed }
    throw new HandshakeError(
      response.status,
      `Cannot ${ACT}: Sec-WebSocket-Extensions of the answer has parameters that do not match the offer`,
      [...response.headers],
    )
  } catch (cause) {
    transport.abort()
    if (!(cause instanceof HandshakeError)) throw cause
    throw new ConnectError('protocol', `the ${response.status} violates the handshake`, { cause })
  }
}

/** @throws {UpgradeRefusedError} unless the answer is a redirect that may be followed. */
function afterAnswer(answer: DialAnswered, attempt: Attempt, maxRedirects: number): Attempt {
  const { status, headers } = answer.response
  const expected = answer.bootstrap === 'connect' ? 'expected 200' : 'expected 101'
  const refuse = (why: string = expected): UpgradeRefusedError =>
    new UpgradeRefusedError(status, [...headers], new TextDecoder().decode(answer.body), why)
  if (!REDIRECTS.has(status) || maxRedirects === 0) throw refuse()
  if (attempt.redirectsLeft === 0) throw refuse(`after ${maxRedirects} redirects`)

  const from = attempt.target.url
  const redirect = readRedirect(from, headers.getAll('Location')[0] ?? null)
  if (redirect.type === 'refused') throw refuse(redirect.why)
  const redirectsLeft = attempt.redirectsLeft - 1
  if (isSameOrigin(from, redirect.url)) {
    return { ...attempt, target: { ...attempt.target, url: redirect.url }, redirectsLeft }
  }
  return {
    target: { url: redirect.url, authorization: null },
    headers: withoutCredentials(attempt.headers),
    isElsewhere: true,
    redirectsLeft,
  }
}
