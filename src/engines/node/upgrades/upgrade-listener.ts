/**
 * The trip of one upgrade request of HTTP/1.1: from Node's `upgrade` event through the application
 * to a session, a plain answer, or back to the owner of the server (RFC 6455 §4.2, RFC 9110 §7.8).
 */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import type {
  Application,
  UpgradeAccepted,
  UpgradeOutcome,
  UpgradeRequest,
} from '../../../application/index.ts'
import { logFailure } from '../../../application/internal.ts'
import { Deferred, type Environment } from '../../../base/internal.ts'
import { HttpHeaders } from '../../../protocol/index.ts'
import { shareStrings } from '../../../protocol/internal.ts'
import { type ConnectionFacts, connectionFacts } from '../transports/connection-facts.ts'
import { answerAndEnd, encoded, encodedHead, FAILURE } from './final-answer.ts'
import { encodeAnswer, encodeSwitch, type HttpAnswer } from './http-answer.ts'
import type { OwedAnswers } from './owed-answers.ts'
import { StreamTransport } from '../transports/stream-transport.ts'
import type { TransportChoice } from '../transports/transport-choice.ts'
import { UpgradeGuard } from './upgrade-guard.ts'
import { WaitingSocket } from './waiting-socket.ts'

/** The arguments of an `upgrade` event. */
export interface PendingUpgrade {
  readonly request: IncomingMessage
  readonly stream: Duplex
  /** The bytes that were read behind the request. */
  readonly head: Buffer
}

/** The application that answers, and the server around it. */
export interface UpgradeServer {
  readonly application: Application
  readonly environment: Environment
  readonly transports: TransportChoice
  readonly owed: OwedAnswers

  /** Whether the server may have other listeners of `upgrade`. */
  readonly hasRivals: boolean

  /**
   * Called if no route of the application has this path, or the request asks for another protocol
   * than `websocket`. The function releases `waiting`, which watches the socket.
   */
  unclaimed(upgrade: PendingUpgrade, waiting: WaitingSocket): void

  /** Called when the upgrade has become a session or has got an answer; optional. */
  concluded?(upgrade: PendingUpgrade, as: 'accepted' | 'refused'): void
}

const NO_BYTES = new Uint8Array(0)

/** How long an upgrade waits for answers to earlier requests; then the connection ends. */
const TURN_LIMIT_MS = 10_000

/** Answers `upgrade`. Never throws. */
export function receiveUpgrade(host: UpgradeServer, upgrade: PendingUpgrade): void {
  const answering = new Answering(host, upgrade)
  const { request, stream } = upgrade
  if (!asksForWebSocket(request)) host.unclaimed(upgrade, answering.watch())
  else if (!host.owed.isOwed(stream)) answering.run()
  // Asked only here: it looks for the route a second time.
  else if (host.application.answerPlainRequest(request.url ?? '') === null)
    host.unclaimed(upgrade, answering.watch())
  else answering.runInTurn()
}

/** Whether an application of Towpath answers this request, so that other listeners may not. */
export function isClaimed(request: IncomingMessage): boolean {
  return CLAIMED.has(request)
}

/** Requests of servers that may have other listeners. */
const CLAIMED = new WeakSet<IncomingMessage>()

/**
 * Calls `answer` when all earlier requests have their answers (RFC 9112 §9.3.2). If that takes too
 * long, ends the connection instead.
 */
export function inTurn(
  { environment, owed }: UpgradeServer,
  { stream }: PendingUpgrade,
  waiting: WaitingSocket,
  answer: () => void,
): void {
  if (!owed.isOwed(stream)) {
    answer()
    return
  }
  let isOver = false
  const deadline = environment.timers.schedule(TURN_LIMIT_MS, () => {
    isOver = true
    waiting.release()
    stream.on('error', () => {
      // The connection is being destroyed.
    })
    stream.destroy()
  })
  owed.whenAnswered(stream, () => {
    deadline.cancel()
    if (isOver) return
    if (!stream.writableEnded) {
      answer()
      return
    }
    // An earlier answer was the last of this connection (`Connection: close`): it ends by itself.
    waiting.release()
    stream.on('error', () => {
      // The connection is ending already.
    })
  })
}

/** Whether `request` asks for `websocket`, possibly among other protocols (RFC 9110 §7.8). */
export function asksForWebSocket({ rawHeaders }: IncomingMessage): boolean {
  // Not `headers`, which Node would make for this call alone.
  const protocols = new HttpHeaders(rawHeaders).get('upgrade') ?? ''
  if (protocols === 'websocket') return true
  return protocols.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket')
}

/**
 * Answers `upgrade` with a plain response and ends the connection. Further bytes of the client are
 * read and dropped until it ends too: a reset by the kernel might destroy the response.
 */
export function refuseUpgrade(
  { application, environment }: UpgradeServer,
  { request, stream }: PendingUpgrade,
  facts: ConnectionFacts,
  answer: HttpAnswer,
): void {
  const encode = (each: HttpAnswer): Buffer => encodeAnswer(each, request.method ?? '', new Date())
  const bytes = encoded(application, encode, answer) ?? encode(FAILURE)
  const transport = new StreamTransport(stream, NO_BYTES, facts)
  answerAndEnd(environment, transport, bytes)
}

/** One upgrade on its way through the application. */
class Answering {
  readonly #host: UpgradeServer
  readonly #upgrade: PendingUpgrade
  #waiting: WaitingSocket | null = null
  /** Only if the server may have other listeners. */
  #guard: UpgradeGuard | null = null

  constructor(host: UpgradeServer, upgrade: PendingUpgrade) {
    this.#host = host
    this.#upgrade = upgrade
  }

  /** Watches the socket. Only an upgrade that is not answered at once needs it. */
  watch(): WaitingSocket {
    this.#waiting ??= new WaitingSocket(this.#upgrade.stream)
    return this.#waiting
  }

  /** Runs when the answers to earlier requests have gone. */
  runInTurn(): void {
    const { stream } = this.#upgrade
    const waiting = this.watch()
    const { hasRivals } = this.#host
    inTurn(this.#host, this.#upgrade, waiting, () => {
      if (!hasRivals) this.run()
      // The socket could not be guarded while these answers were written.
      else {
        waiting.release()
        stream.destroy()
      }
    })
  }

  run(): void {
    const { application, environment } = this.#host
    const { stream } = this.#upgrade
    const asked = describe(this.#upgrade)
    const signal = stream.destroyed ? this.watch().signal : () => this.watch().signal
    try {
      const outcome = application.upgrade(asked, environment, signal)
      const isPromise = outcome instanceof Promise
      if (!isPromise && (outcome.type === 'unclaimed' || !this.#host.hasRivals)) {
        this.#conclude(asked, outcome)
        return
      }
      if (this.#host.hasRivals) this.#claim()
      // With other listeners, not before they have seen the request too.
      const later = isPromise ? outcome : this.#pastRivals(outcome)
      later
        .then((settled) => this.#conclude(asked, settled))
        .catch((error: unknown) => this.#fail(error))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Keeps the other listeners away until there is an answer. */
  #claim(): void {
    CLAIMED.add(this.#upgrade.request)
    this.watch()
    this.#guard = new UpgradeGuard(this.#upgrade.stream)
  }

  async #pastRivals(outcome: UpgradeOutcome): Promise<UpgradeOutcome> {
    const past = new Deferred<void>()
    this.#host.environment.deferPastIo(() => past.resolve(), null)
    await past.promise
    return outcome
  }

  #conclude(facts: NodeUpgradeRequest, outcome: UpgradeOutcome): void {
    facts.engineRequest = null
    this.#guard?.release()
    const host = this.#host
    const upgrade = this.#upgrade
    if (outcome.type === 'unclaimed') {
      host.unclaimed(upgrade, this.watch())
      return
    }

    const waiting = this.#waiting
    waiting?.release()
    const isGone = waiting?.signal.aborted ?? upgrade.stream.destroyed
    let isAccepted = false
    if (isGone || upgrade.stream.writableEnded) {
      upgrade.stream.destroy()
      if (outcome.type === 'accepted') outcome.abandon(null)
    } else if (outcome.type === 'accepted') isAccepted = accept(host, upgrade, facts, outcome)
    else refuseUpgrade(host, upgrade, facts, outcome)
    host.concluded?.(upgrade, isAccepted ? 'accepted' : 'refused')
  }

  /** Handles a bug in our code or in the application. Other connections must not notice. */
  #fail(error: unknown): void {
    logFailure(this.#host.application.logger, error, 'Upgrade failed')
    this.#guard?.release()
    this.#upgrade.stream.destroy()
    this.#host.concluded?.(this.#upgrade, 'refused')
  }
}

/** @returns whether the session has begun. */
function accept(
  host: UpgradeServer,
  { request, stream, head }: PendingUpgrade,
  facts: ConnectionFacts,
  outcome: UpgradeAccepted,
): boolean {
  const switching = encodedHead(host.application, encodeSwitch, outcome)
  if (switching === null) {
    refuseUpgrade(host, { request, stream, head }, facts, FAILURE)
    return false
  }
  const transport = host.transports.open(stream, head, facts, switching)
  try {
    outcome.start(transport)
    return true
  } catch (error) {
    // The transport has no other owner.
    transport.abort()
    throw error
  }
}

/** The request, with the facts of its connection. */
interface NodeUpgradeRequest extends UpgradeRequest, ConnectionFacts {
  /** `null` once the upgrade is decided: a session keeps this object, but not Node's request. */
  engineRequest: IncomingMessage | null
}

function describe({ request, stream, head }: PendingUpgrade): NodeUpgradeRequest {
  const { rawHeaders, httpVersion } = request
  const { local, remote, encrypted } = connectionFacts(stream)
  shareStrings(rawHeaders)
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    // Node makes a new string for each request.
    httpVersion: httpVersion === '1.1' ? '1.1' : httpVersion,
    rawHeaders,
    earlyBytes: head.length,
    engineRequest: request,
    hasBody: announcesBody(new HttpHeaders(rawHeaders)),
    local,
    remote,
    encrypted,
  }
}

/** Whether the headers announce a body (RFC 9112 §6). Node does not read it before an upgrade. */
function announcesBody(headers: HttpHeaders): boolean {
  if (headers.has('transfer-encoding')) return true
  const length = headers.get('content-length')
  return length !== null && Number(length) !== 0
}
