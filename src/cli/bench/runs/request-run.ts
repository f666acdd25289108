/**
 * Sends requests of a contract by a schedule, and checks their answers: `--typed`.
 *
 * A request is late from the moment at which it should have been sent, as a message of the other
 * runs is.
 */

import type { Clock } from '../../../base/index.ts'
import type { WebSocketClientSession } from '../../../client/index.ts'
import { InvalidMessageError, RequestFailedError, typed } from '../../../messages/index.ts'
import { printable } from '../../printable.ts'
import type { BenchLoad } from '../bench-load.ts'
import { Histogram } from '../histogram.ts'
import { Timeline } from '../timeline.ts'
import type { TypedRequest } from '../typed/typed-request.ts'
import { Draining, type LoadRun, MAX_WAITING, type RunCounts } from './load-run.ts'
import { runSchedule } from './schedule.ts'

/** Sends one request over a session. */
type Ask = (type: string, data: unknown) => Promise<unknown>

interface Asker {
  readonly session: WebSocketClientSession
  readonly ask: Ask
}

/** One run over connections that are open, and have agreed on the contract. */
export class RequestRun implements LoadRun {
  readonly latency: Histogram = new Histogram()
  readonly timeline: Timeline
  firstError: string | null = null
  readonly #askers: readonly Asker[]
  readonly #request: TypedRequest
  readonly #load: BenchLoad
  readonly #clock: Clock
  readonly #draining = new Draining()
  readonly #errors = new Map<string, number>()
  #sent = 0
  #unsent = 0
  #received = 0
  #corrupt = 0
  #waiting = 0
  #isScheduled = true
  #isOver = false

  constructor(
    sessions: readonly WebSocketClientSession[],
    request: TypedRequest,
    load: BenchLoad,
    clock: Clock,
  ) {
    this.#askers = sessions.map((session) => askerOf(session, request))
    this.#request = request
    this.#load = load
    this.#clock = clock
    this.timeline = new Timeline(clock)
  }

  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#errors)
  }

  get counts(): RunCounts {
    const errors = this.#failed
    return {
      sent: this.#sent,
      unsent: this.#unsent,
      received: this.#received,
      lost: this.#sent - this.#received - this.#corrupt - errors,
      duplicate: 0,
      reordered: 0,
      corrupt: this.#corrupt,
      errors,
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    await runSchedule(this.#load, this.#clock, signal, (index, dueAt) => this.#send(index, dueAt))
    this.#isScheduled = false
    this.#checkComplete()
    await this.#draining.wait(this.#clock, this.#load.drain, signal)
    // Requests that are open fail when their connection is closed: they are lost already.
    this.#isOver = true
  }

  get #failed(): number {
    return [...this.#errors.values()].reduce((sum, count) => sum + count, 0)
  }

  #send(index: number, intendedAt: number): void {
    const { name, payloads } = this.#request
    const asker = this.#askers[index % this.#askers.length]
    if (asker === undefined || asker.session.signal.aborted || this.#waiting >= MAX_WAITING) {
      this.#unsent += 1
      return
    }
    this.#sent += 1
    this.#waiting += 1
    this.timeline.sent()
    const round = Math.floor(index / this.#askers.length)
    void asker.ask(name, payloads[round % payloads.length]).then(
      () => this.#settle(() => this.#answered(intendedAt)),
      (error: unknown) => this.#settle(() => this.#refused(error)),
    )
  }

  #settle(count: () => void): void {
    this.#waiting -= 1
    if (this.#isOver) return
    count()
    this.#checkComplete()
  }

  #answered(intendedAt: number): void {
    this.#received += 1
    const latency = this.#clock.now() - intendedAt
    this.latency.record(latency)
    this.timeline.received(latency)
  }

  /** Anything but the two errors means that the session has ended: the request is lost. */
  #refused(error: unknown): void {
    if (error instanceof RequestFailedError) {
      this.#errors.set(error.failure, (this.#errors.get(error.failure) ?? 0) + 1)
    } else if (error instanceof InvalidMessageError) this.#corrupt += 1
    else return
    this.firstError ??= printable(error.message)
  }

  #checkComplete(): void {
    if (this.#isScheduled) return
    if (this.#received + this.#corrupt + this.#failed >= this.#sent) this.#draining.complete()
  }
}

function askerOf(session: WebSocketClientSession, { contract }: TypedRequest): Asker {
  // What the server sends by itself is not in the contract: events are dropped, and its requests
  // are answered with UNKNOWN, so that `incoming` stays empty.
  const { request } = typed(session, contract, { validate: 'incoming' })
  // The contract is known at run time alone: its names and values have been checked.
  return { session, ask: request as unknown as Ask }
}
