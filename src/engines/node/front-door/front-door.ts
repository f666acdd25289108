/**
 * The front door of `embeddedServer`: it accepts upgrades on the listening handle. They become
 * sessions without a socket, a parser or a request of Node.
 *
 * 1. The listening handle passes on a connection (`tcp-listener.ts`). With TLS, a `BareTls` does
 *    the handshake on it (`tls-entrance.ts`).
 * 2. An `Arrival` reads the head of its first request.
 * 3. The application decides an upgrade to `websocket` on one of its paths: session or refusal.
 * 4. Every other connection goes to the HTTP server behind, byte for byte and for good: plain
 *    requests, unknown paths, heads that are invalid or too large.
 *
 * Both doors give the same answers: this one accepts only requests that both read alike.
 */

import type { Server as HttpServer } from 'node:http'

import { PerTurn } from '../../../base/internal.ts'
import type { UpgradeAccepted, UpgradeOutcome } from '../../../application/index.ts'
import { logFailure } from '../../../application/internal.ts'
import { headerIn, listHas, type RequestHead } from '../../../protocol/internal.ts'
import type { Transport } from '../../../session/index.ts'
import type { ConnectionFacts } from '../transports/connection-facts.ts'
import { AcceptedRequest } from './accepted-request.ts'
import { Arrival, type ArrivalOwner } from './arrival.ts'
import { encoded, encodedHead, FAILURE } from '../upgrades/final-answer.ts'
import { acceptsOnHandles } from './front-door-self-test.ts'
import { encodeSwitch, type HttpAnswer, PreparedAnswer } from '../upgrades/http-answer.ts'
import { type AcceptedHandle, type Listener, listenOnHandle } from './tcp-listener.ts'
import { isEncrypted, TlsEntrance } from './tls-entrance.ts'
import type { TcpReactor } from '../transports/tcp-transport.ts'
import type { UpgradeServer } from '../upgrades/upgrade-listener.ts'

/** Limits on the head of a request. */
export interface FrontDoorLimits {
  /** In bytes; a longer head goes to the HTTP server, which answers 431. */
  readonly maxHeadSize: number
  /**
   * From the connection, or the end of its TLS handshake, to the end of the head, in milliseconds;
   * then the client gets 408.
   */
  readonly headLimitMs: number
  /** From the connection to the end of the TLS handshake, in milliseconds; then it is closed. */
  readonly handshakeLimitMs: number
  /** How often connections are checked against `headLimitMs`, in milliseconds. */
  readonly checkMs: number
}

/** What Node's server answers in the same cases. */
const REQUEST_TIMEOUT = Buffer.from('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n')
const BAD_REQUEST = Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')

/** A connection that the application is asked about. */
interface DecidedArrival {
  readonly arrival: Arrival
  readonly head: RequestHead
}

/** The name of HTTP/2 in ALPN: `http2/alpn.ts` takes these connections from the HTTPS server. */
const HTTP2 = 'h2'

/** How long a client may take to read an answer and to end its side, in milliseconds. */
const ANSWER_LIMIT_MS = 5000

/**
 * How many connections begin to be read, and how many requests are decided, in one turn of the
 * event loop: about 5 ms of work.
 */
const ARRIVALS_PER_TURN = 64

/** The connections of one server that have not become sessions, nor gone to the HTTP server. */
export class FrontDoor implements ArrivalOwner {
  readonly maxHeadSize: number
  readonly reactor: TcpReactor
  readonly #host: UpgradeServer
  readonly #limits: FrontDoorLimits
  readonly #listener: Listener
  /** `null`: the server has no TLS. */
  readonly #tls: TlsEntrance | null
  /** Those whose TLS handshake is not done, in the order in which they were accepted. */
  readonly #insecure = new Set<Arrival>()
  /** In the order in which they were accepted; over TLS, in that of the ends of the handshakes. */
  readonly #arrivals = new Set<Arrival>()
  /** Those that begin to be read. */
  readonly #starting: PerTurn<Arrival>
  /** Those whose request is complete. */
  readonly #deciding: PerTurn<DecidedArrival>
  /** Those that have been answered and have not ended, in the order of the answers. */
  readonly #answered = new Map<Arrival, number>()
  readonly #prepared = new PreparedAnswer()
  /** Whether the next check has been scheduled. */
  #isChecking = false

  /**
   * Opens the door of `server`, which listens.
   *
   * @returns `null`, with nothing changed, where Node is not as expected or the trial failed.
   */
  static async open(
    server: HttpServer,
    host: UpgradeServer,
    limits: FrontDoorLimits,
  ): Promise<FrontDoor | null> {
    const { reactor } = host.transports
    const isSecure = isEncrypted(server)
    if (reactor === null || !(await acceptsOnHandles(reactor, isSecure))) return null
    const listener = listenOnHandle(server, reactor.buffer, (handle) => door?.accept(handle))
    if (listener === null) return null
    const tls = isSecure ? TlsEntrance.find(server, listener, reactor) : null
    if (isSecure && tls === null) {
      listener.stop()
      return null
    }
    const door = new FrontDoor(host, limits, listener, tls, reactor)
    return door
  }

  private constructor(
    host: UpgradeServer,
    limits: FrontDoorLimits,
    listener: Listener,
    tls: TlsEntrance | null,
    reactor: TcpReactor,
  ) {
    this.#tls = tls
    this.reactor = reactor
    this.maxHeadSize = limits.maxHeadSize
    this.#host = host
    this.#limits = limits
    this.#listener = listener
    const { environment } = host
    this.#starting = new PerTurn(environment, ARRIVALS_PER_TURN, (arrival) => arrival.start())
    this.#deciding = new PerTurn(environment, ARRIVALS_PER_TURN, (next) => this.#decide(next))
  }

  /** A connection has been accepted. */
  accept(handle: AcceptedHandle): void {
    const tls = this.#tls
    const arrival = new Arrival(handle, this, tls === null ? null : tls.encrypt)
    this.#listener.counter._connections++
    if (tls === null) this.#arrivals.add(arrival)
    else this.#insecure.add(arrival)
    arrival.acceptedAt = this.#host.environment.clock.now()
    this.#starting.add(arrival)
    if (!this.#isChecking) this.#scheduleCheck()
  }

  /** Ends the connections that have not sent a request yet. */
  dropSilent(): void {
    for (const arrival of this.#insecure) arrival.close()
    for (const arrival of this.#arrivals) if (!arrival.isDecided) arrival.close()
  }

  /** Ends every connection that has not become a session. */
  dropAll(): void {
    for (const arrival of this.#insecure) arrival.close()
    for (const arrival of this.#arrivals) arrival.close()
    for (const arrival of this.#answered.keys()) arrival.close()
  }

  // What an arrival tells

  secured(arrival: Arrival): void {
    this.#insecure.delete(arrival)
    this.#arrivals.add(arrival)
    arrival.acceptedAt = this.#host.environment.clock.now()
    if (arrival.tls?.protocol === HTTP2) this.headIsOther(arrival)
  }

  headArrived(arrival: Arrival, head: RequestHead): void {
    if (!asksForUpgrade(head.rawHeaders)) {
      this.headIsOther(arrival)
      return
    }
    arrival.decide(head.byteLength)
    this.#deciding.add({ arrival, head })
  }

  #decide({ arrival, head }: DecidedArrival): void {
    if (arrival.isClosed) return
    if (arrival.hasLeft) {
      arrival.close()
      return
    }
    const request = new AcceptedRequest(head, arrival.handle, arrival, arrival.tls !== null)
    const { application, environment } = this.#host
    try {
      const outcome = application.upgrade(request, environment, () => arrival.watch())
      if (outcome instanceof Promise) this.#concludeLater(arrival, request, outcome)
      else this.#conclude(arrival, request, outcome)
    } catch (error) {
      this.#fail(arrival, error)
    }
  }

  headIsOther(arrival: Arrival): void {
    const read = arrival.releaseToHttp()
    this.#arrivals.delete(arrival)
    this.#listener.counter._connections--
    if (arrival.tls === null) this.#listener.giveBack(arrival.handle, read)
    else this.#tls?.giveBack(arrival.handle, arrival.tls, read)
  }

  headCutOff(arrival: Arrival): void {
    this.#say(arrival, BAD_REQUEST)
  }

  closed(arrival: Arrival): void {
    const isKnown =
      this.#arrivals.delete(arrival) ||
      this.#answered.delete(arrival) ||
      this.#insecure.delete(arrival)
    if (!isKnown) return
    const { counter } = this.#listener
    counter._connections--
    counter._emitCloseIfDrained()
  }

  #concludeLater(
    arrival: Arrival,
    request: AcceptedRequest,
    deciding: Promise<UpgradeOutcome>,
  ): void {
    deciding
      .then((outcome) => this.#conclude(arrival, request, outcome))
      .catch((error: unknown) => this.#fail(arrival, error))
  }

  #conclude(arrival: Arrival, request: AcceptedRequest, outcome: UpgradeOutcome): void {
    request.decided()
    const isGone = arrival.isClosed || arrival.hasLeft
    if (isGone && outcome.type === 'accepted') outcome.abandon(null)
    if (arrival.isClosed) return
    if (arrival.hasLeft) arrival.close()
    else if (outcome.type === 'unclaimed') this.headIsOther(arrival)
    else if (outcome.type === 'accepted') this.#begin(arrival, request, outcome)
    else this.#answer(arrival, outcome)
  }

  #begin(arrival: Arrival, request: AcceptedRequest, outcome: UpgradeAccepted): void {
    request.accepted()
    const greeting = encodedHead(this.#host.application, encodeSwitch, outcome)
    if (greeting === null) {
      this.#answer(arrival, FAILURE)
      return
    }
    const transport = this.#open(arrival, request, greeting)
    try {
      outcome.start(transport)
    } catch (error) {
      // The transport has no other owner.
      transport.abort()
      throw error
    }
  }

  #answer(arrival: Arrival, answer: HttpAnswer): void {
    const { application } = this.#host
    const encode = (each: HttpAnswer): Buffer => this.#prepared.encode(each, new Date())
    this.#say(arrival, encoded(application, encode, answer) ?? encode(FAILURE))
  }

  #say(arrival: Arrival, bytes: Uint8Array): void {
    this.#arrivals.delete(arrival)
    this.#answered.set(arrival, this.#host.environment.clock.now())
    arrival.answer(bytes)
  }

  /** Takes the connection out of this door as a transport. */
  #open(arrival: Arrival, facts: ConnectionFacts, greeting = ''): Transport {
    const { counter } = this.#listener
    const { transports } = this.#host
    this.#arrivals.delete(arrival)
    const { tls } = arrival
    if (tls === null)
      return transports.openHandle(arrival.releaseToSession(counter), facts, greeting)
    return transports.openTls(tls, arrival.releaseTls(tls, counter), facts, greeting)
  }

  /** The application or Towpath has failed. Other connections must not notice. */
  #fail(arrival: Arrival, error: unknown): void {
    logFailure(this.#host.application.logger, error, 'Upgrade failed')
    if (this.#arrivals.has(arrival)) arrival.close()
  }

  #scheduleCheck(): void {
    this.#isChecking = true
    this.#host.environment.timers.schedule(this.#limits.checkMs, () => this.#checkArrivals())
  }

  /** Ends the connections whose head takes too long. The oldest come first. */
  #checkArrivals(): void {
    this.#isChecking = false
    const now = this.#host.environment.clock.now()
    const tooInsecure = now - this.#limits.handshakeLimitMs
    for (const arrival of this.#insecure) {
      if (arrival.acceptedAt > tooInsecure) break
      arrival.close()
    }
    const tooOld = now - this.#limits.headLimitMs
    for (const arrival of this.#arrivals) {
      if (arrival.acceptedAt > tooOld) break
      if (!arrival.isDecided) this.#say(arrival, REQUEST_TIMEOUT)
    }
    for (const [arrival, answeredAt] of this.#answered) {
      const age = now - answeredAt
      if (age < this.#limits.checkMs) break
      if (arrival.isSpent || age >= ANSWER_LIMIT_MS) arrival.close()
    }
    if (this.#insecure.size + this.#arrivals.size + this.#answered.size > 0) this.#scheduleCheck()
  }
}

/** Whether both headers are there that make an upgrade to our protocol. */
function asksForUpgrade(rawHeaders: readonly string[]): boolean {
  const protocol = headerIn(rawHeaders, 'upgrade')
  if (protocol !== 'websocket' && protocol?.toLowerCase() !== 'websocket') return false
  if (!listHas(headerIn(rawHeaders, 'connection') ?? '', 'upgrade')) return false
  // Node answers `Expect` before any listener sees the request.
  return headerIn(rawHeaders, 'expect') === null
}
