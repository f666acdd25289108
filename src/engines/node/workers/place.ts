/**
 * One of the places for workers that a server has, and whichever worker process has it: that is replaced when
 * it ends unasked.
 */

import type { Logger, StopCounts } from '../../../application/index.ts'
import { type DrainTimes, logFailure } from '../../../application/internal.ts'
import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import { ListenError, ServerStoppedError, WorkerStartError } from '../errors.ts'
import type { ServerAddress } from '../server/server.ts'
import { readReport, type WorkerReport, wrapMessage } from './messages.ts'

/** The part of `cluster.Worker` that is needed. */
export interface WorkerProcess {
  readonly process: {
    readonly pid?: number | undefined
    kill(signal: NodeJS.Signals): unknown
  }
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number | null, signal: string | null) => void): unknown
  send(message: object, sent: (error: Error | null) => void): unknown
  disconnect(): unknown
}

/** What a place is made with. */
export interface WorkerPlaceOptions {
  /** Starts a process; throws what the operating system says against it. */
  readonly fork: () => WorkerProcess
  readonly clock: Clock
  readonly logger: Logger
  /** Called each time that a worker of this place listens. */
  readonly onListening: (address: ServerAddress) => void
}

const NO_SESSIONS: StopCounts = { sessions: 0, closed: 0, aborted: 0 }

/** The wait before a replacement: doubled with each one that does not last, from the first to the last. */
const FIRST_DELAY_MS = 100
const LAST_DELAY_MS = 10_000

/** A worker that has listened for so long has not failed at its start: the next one comes soon again. */
const LASTING_MS = 10_000

/** What a worker is granted on top of its timeout, to end what outlives the server and to say how it went. */
const ANSWER_MS = 5000

/** Has one worker at a time, from the first `start` to `stop`. */
export class WorkerPlace {
  readonly #options: WorkerPlaceOptions
  readonly #started = new Deferred<void>()
  #worker: WorkerProcess | null = null
  #gone = new Deferred<void>()
  #listeningSince: number | null = null
  #counts: StopCounts | null = null
  #failures = 0
  #replacement: Disposable | null = null
  #isStopping = false

  constructor(options: WorkerPlaceOptions) {
    this.#options = options
  }

  /**
   * Starts the first worker. Resolves when it listens; call it once.
   *
   * @throws {ListenError | WorkerStartError} if it cannot, or ends before it does; then nothing is replaced
   *   until `stop` has been called, which has to be.
   * @throws {ServerStoppedError} if `stop` comes first.
   */
  start(): Promise<void> {
    this.#launch()
    return this.#started.promise
  }

  /**
   * Lets the worker drain, and ends one that does not listen yet. Resolves with its counts when the process
   * is gone. May be called again, with the same answer.
   */
  async stop(times: DrainTimes): Promise<StopCounts> {
    this.#isStopping = true
    this.#replacement?.[Symbol.dispose]()
    this.#started.reject(new ServerStoppedError())
    const worker = this.#worker
    if (worker === null) return this.#counts ?? NO_SESSIONS

    if (this.#listeningSince === null) worker.process.kill('SIGKILL')
    else worker.send(wrapMessage({ kind: 'stop', times }), ignoreUnsent)
    const { clock } = this.#options
    const deadline = clock.setTimer(times.timeout + ANSWER_MS, () => this.#giveUp(worker))
    await this.#gone.promise
    deadline[Symbol.dispose]()
    return this.#counts ?? NO_SESSIONS
  }

  #launch(): void {
    this.#listeningSince = null
    this.#counts = null
    this.#gone = new Deferred()
    let worker: WorkerProcess
    try {
      worker = this.#options.fork()
    } catch (error) {
      this.#vacate(new WorkerStartError({ exitCode: null, signal: null, cause: error }))
      return
    }
    this.#worker = worker
    worker.on('message', (message) => this.#receive(worker, readReport(message)))
    worker.on('exit', (exitCode, signal) =>
      this.#vacate(new WorkerStartError({ exitCode, signal })),
    )
    worker.on('error', (error) => {
      // One that has never been a process has no exit. Any other error is about a message, and exit follows.
      if (worker.process.pid !== undefined) return
      this.#vacate(new WorkerStartError({ exitCode: null, signal: null, cause: error }))
    })
  }

  #receive(worker: WorkerProcess, report: WorkerReport | null): void {
    if (report === null) return
    switch (report.kind) {
      case 'listening':
        this.#listeningSince = this.#options.clock.now()
        this.#options.onListening({ host: report.host, port: report.port })
        this.#started.resolve()
        return
      case 'refused':
        this.#refuse(worker, report)
        return
      case 'stopped':
        this.#counts = report.counts
        // It stays until its counts are here; an exit may overtake the last message.
        worker.disconnect()
    }
  }

  #refuse(worker: WorkerProcess, refused: Extract<WorkerReport, { kind: 'refused' }>): void {
    const { host, port, code, reason } = refused
    const cause = Object.assign(new Error(reason), code === null ? {} : { code })
    const error = new ListenError(host, port, cause)
    if (this.#started.reject(error)) return
    logFailure(this.#options.logger, error, 'Worker cannot listen')
    worker.process.kill('SIGKILL')
  }

  /** The worker has ended, or there never was one. */
  #vacate(end: WorkerStartError): void {
    const pid = this.#worker?.process.pid
    this.#worker = null
    this.#gone.resolve()
    if (this.#isStopping || this.#started.reject(end)) return

    const { clock, logger } = this.#options
    const lasted = this.#listeningSince !== null && clock.now() - this.#listeningSince >= LASTING_MS
    this.#failures = lasted ? 0 : this.#failures
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LAST_DELAY_MS)
    this.#failures++
    // One with counts was stopped by its own program, and no failure.
    if (this.#counts === null) {
      const { exitCode, signal, cause } = end
      logFailure(logger, cause, 'Worker ended, another one takes its place', {
        pid,
        exitCode,
        signal,
        delayMs,
      })
    }
    this.#replacement = clock.setTimer(delayMs, () => this.#launch())
  }

  #giveUp(worker: WorkerProcess): void {
    this.#options.logger.warn({ pid: worker.process.pid }, 'Worker does not stop, and is killed')
    worker.process.kill('SIGKILL')
  }
}

function ignoreUnsent(): void {
  // The worker has just gone; its exit says so.
}
