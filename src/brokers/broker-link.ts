/**
 * The life of a broker's connection: connects, restores subscriptions, probes, notices the end, and
 * connects again for ever.
 *
 * The client libraries could reconnect by themselves. They also queue requests while offline, give
 * up after some attempts, and leave requests unanswered. So each connection here is a new one, and
 * ends for good.
 */

import { Deferred, type Environment, type WheelTimer, rejected } from '../base/internal.ts'
import { TowpathError } from '../base/index.ts'
import { BrokerUnavailableError, type BrokerSink } from '../topics/index.ts'

/** A connection that is established. It ends when the signal that it was made with is aborted. */
export interface LinkConnection {
  /** Asks the engine for a sign of life on every line. Resolves when it has come. */
  probe(): Promise<unknown>
}

/** How an engine is reached. */
export interface Connector<Connection extends LinkConnection> {
  /**
   * Connects.
   *
   * @param signal ends the attempt, and later the connection.
   * @param ended is called when the connection has ended by itself, or must not be used any longer.
   * @throws (by rejecting) {UnusableEngineError} when another attempt cannot succeed.
   */
  connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<Connection>

  /**
   * Restores some of what the connection lacks: subscriptions, and what engines need for kinds.
   * Called until it returns `null`: nothing is missing.
   */
  restore(connection: Connection): Promise<unknown> | null
}

/**
 * The engine can be reached and cannot be used: its version is too old, or it refuses the
 * credentials.
 */
export class UnusableEngineError extends TowpathError {
  override readonly name = 'UnusableEngineError'
  readonly code = 'TOWPATH_BROKER_UNUSABLE'

  /** @param problem what is so and what was expected. */
  constructor(problem: string, options?: ErrorOptions) {
    super(`Cannot use the broker: ${problem}`, options)
  }
}

interface Pending {
  /** When the request was made. */
  readonly since: number
  readonly reject: (error: Error) => void
  readonly fail: (cause: unknown) => Error
}

/**
 * The limit of connecting, and of each step of restoring. All steps together may take longer: a
 * node may follow very many topics.
 */
const CONNECT_MS = 10_000
const PROBE_EVERY_MS = 3000
/** With the period of probes, a silent line is found after 8 s. */
const PROBE_ANSWER_MS = 5000
/**
 * A request whose answer takes longer ends the connection at the next probe: an engine that answers
 * probes may have forgotten the request. The heads of very many topics take some seconds.
 */
const ANSWER_MS = 60_000
const REFUSED = 'the broker has answered with an error'
const MIN_RETRY_MS = 50
const MAX_RETRY_MS = 2000

/** Keeps one connection to an engine. */
export class BrokerLink<Connection extends LinkConnection> {
  readonly #connector: Connector<Connection>
  readonly #sink: BrokerSink
  readonly #environment: Environment
  readonly #pending = new Set<Pending>()
  readonly #opened = new Deferred<void>()
  /** Ends the connection, or the attempt, that is under way. */
  #life: AbortController | null = null
  #connection: Connection | null = null
  #timer: WheelTimer | null = null
  #attempts = 0
  #downSince = 0
  /** Whether the outage was told with an `UnusableEngineError`. */
  #isUnusable = false
  #state: 'connecting' | 'up' | 'down' | 'closed' = 'connecting'

  constructor(connector: Connector<Connection>, sink: BrokerSink, environment: Environment) {
    this.#connector = connector
    this.#sink = sink
    this.#environment = environment
  }

  /** The connection; `null` while the broker is not up. */
  get connection(): Connection | null {
    return this.#connection
  }

  /** Connects. Called once. See `Broker.open`. */
  start(): Promise<void> {
    this.#sink.state({ state: 'connecting' })
    void this.#connect()
    return this.#opened.promise
  }

  /** Ends everything. Idempotent. */
  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#end(null)
    this.#sink.state({ state: 'closed' })
    void this.#opened.resolve(undefined)
  }

  /**
   * Does `work` on the connection.
   *
   * @param fail makes the error for a request whose connection ends before the answer, or that
   *   the engine or its library refuses. Errors of Towpath pass through.
   */
  request<T>(
    act: string,
    topic: string | null,
    work: (connection: Connection) => Promise<T>,
    fail?: (cause: unknown) => Error,
  ): Promise<T> {
    const connection = this.#connection
    const failed =
      fail ??
      ((cause: unknown): Error => {
        const isUp = this.#connection === connection
        return new BrokerUnavailableError(act, topic, { cause, ...(isUp && { problem: REFUSED }) })
      })
    if (connection === null) return rejected(new BrokerUnavailableError(act, topic))
    const answer = new Deferred<T>()
    const since = this.#environment.clock.now()
    const pending: Pending = { since, reject: (error) => void answer.reject(error), fail: failed }
    this.#pending.add(pending)
    work(connection).then(
      (value) => {
        this.#pending.delete(pending)
        void answer.resolve(value)
      },
      (error: unknown) => {
        this.#pending.delete(pending)
        void answer.reject(error instanceof TowpathError ? error : failed(error))
      },
    )
    return answer.promise
  }

  async #connect(): Promise<void> {
    const life = new AbortController()
    this.#life = life
    const ended = (cause: unknown): void => this.#fail(life, cause)
    this.#limitStep(ended)
    try {
      const connection = await this.#connector.connect(life.signal, ended)
      while (!life.signal.aborted) {
        const restoring = this.#connector.restore(connection)
        if (restoring === null) break
        this.#limitStep(ended)
        await restoring
      }
      if (!life.signal.aborted) this.#up(connection, life)
    } catch (error) {
      if (error instanceof UnusableEngineError && !this.#opened.isSettled) {
        this.#giveUp(error)
      } else {
        ended(error)
      }
    }
  }

  /** Ends the attempt if its next step takes too long. */
  #limitStep(ended: (cause: unknown) => void): void {
    this.#timer?.cancel()
    const late = (): void => ended(silence(CONNECT_MS))
    this.#timer = this.#environment.waitingTimers.schedule(CONNECT_MS, late)
  }

  #up(connection: Connection, life: AbortController): void {
    this.#timer?.cancel()
    this.#connection = connection
    this.#state = 'up'
    this.#probeLater(connection, life)
    this.#sink.state({ state: 'up' })
    void this.#opened.resolve(undefined)
  }

  #probeLater(connection: Connection, life: AbortController): void {
    const { timers } = this.#environment
    this.#timer = timers.schedule(PROBE_EVERY_MS, () => {
      if (this.#isForgotten()) {
        this.#fail(life, new Error('Cannot wait longer for an answer of the broker'))
        return
      }
      const silent = (): void => this.#fail(life, silence(PROBE_ANSWER_MS))
      this.#timer = timers.schedule(PROBE_ANSWER_MS, silent)
      connection.probe().then(
        () => {
          if (life.signal.aborted) return
          this.#timer?.cancel()
          // Not earlier: an engine may accept each connection and then fail at once.
          this.#attempts = 0
          this.#probeLater(connection, life)
        },
        (error: unknown) => this.#fail(life, error),
      )
    })
  }

  /** Whether the oldest request has waited for too long. Requests are in the order of the calls. */
  #isForgotten(): boolean {
    const [oldest] = this.#pending
    return oldest !== undefined && this.#environment.clock.now() - oldest.since > ANSWER_MS
  }

  #fail(life: AbortController, given: unknown): void {
    if (life !== this.#life || this.#state === 'closed') return
    const wasDown = this.#state === 'down'
    this.#state = 'down'
    const cause = given ?? new Error('The connection to the broker has ended')
    this.#end(cause)
    const { waitingTimers, clock } = this.#environment
    this.#timer = waitingTimers.schedule(this.#retryMs(), () => void this.#connect())
    if (!wasDown) this.#downSince = clock.now()
    // An operator has to mend this cause. It is reported although the outage was reported before.
    const isUnusable = cause instanceof UnusableEngineError
    if (wasDown && (!isUnusable || this.#isUnusable)) return
    this.#isUnusable = isUnusable
    this.#sink.state({ state: 'down', since: this.#downSince, cause })
  }

  /** The first attempt has shown that none can succeed. */
  #giveUp(error: Error): void {
    this.#state = 'closed'
    this.#end(error)
    this.#sink.state({ state: 'closed' })
    void this.#opened.reject(error)
  }

  /** Ends the connection; every request fails. */
  #end(cause: unknown): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#connection = null
    const life = this.#life
    this.#life = null
    const pending = [...this.#pending]
    this.#pending.clear()
    for (const { reject, fail } of pending) reject(fail(cause))
    life?.abort()
  }

  /**
   * Doubles with each attempt, and varies by half: nodes that lost the same engine do not return as
   * one.
   */
  #retryMs(): number {
    const wholeMs = Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** this.#attempts++)
    const [byte = 0] = this.#environment.random(new Uint8Array(1))
    return wholeMs * (0.5 + byte / 512)
  }
}

/** Why a connection ends that is open and silent. */
function silence(ms: number): Error {
  return new Error(`The broker has not answered for ${ms / 1000} s`)
}
