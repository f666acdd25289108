/**
 * Supervises one worker process: starts it, replaces it when it ends unexpectedly, and stops it.
 */

import type { Logger, StopCounts } from '../../../application/index.ts'
import { type DrainTimes, logFailure } from '../../../application/internal.ts'
import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import { ListenError, ServerStoppedError, WorkerStartError } from '../errors.ts'
import type { ServerAddress } from '../server/server.ts'
import { readReport, type WorkerReport, wrapMessage } from './messages.ts'

/** The members of `cluster.Worker` that are used. */
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

/** The dependencies of a supervisor. */
export interface SupervisorDependencies {
  /** Starts a process; throws the system's error. */
  readonly fork: () => WorkerProcess
  readonly clock: Clock
  readonly logger: Logger
  /** Called whenever a worker listens. */
  readonly onListening: (address: ServerAddress) => void
}

const NO_SESSIONS: StopCounts = { sessions: 0, closed: 0, aborted: 0 }

/**
 * The wait before a replacement. It is doubled, up to the last delay, while workers do not last.
 */
const FIRST_DELAY_MS = 100
const LAST_DELAY_MS = 10_000

/** A worker that listened for this long did not fail at its start; its replacement comes soon. */
const LASTING_MS = 10_000

/** Time after the timeout for a worker to end and to send its counts. */
const ANSWER_MS = 5000

/** Supervises one worker at a time, from `start` to `stop`. */
export class WorkerSupervisor {
  readonly #dependencies: SupervisorDependencies
  readonly #started = new Deferred<void>()
  #worker: WorkerProcess | null = null
  #ended = new Deferred<void>()
  #listeningSince: number | null = null
  #counts: StopCounts | null = null
  #failures = 0
  #replacement: Disposable | null = null
  #isStopping = false

  constructor(dependencies: SupervisorDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Starts the first worker. Resolves when it listens. Must be called once.
   *
   * @throws {ListenError | WorkerStartError} if the worker cannot listen, or ends before it does.
   *   No replacement is started; the caller must still call `stop`.
   * @throws {ServerStoppedError} if `stop` is called first.
   */
  start(): Promise<void> {
    this.#launch()
    return this.#started.promise
  }

  /**
   * Stops the worker gracefully; kills one that does not listen yet. Resolves with the counts when
   * the process has ended. May be called again, with the same result.
   */
  async stop(times: DrainTimes): Promise<StopCounts> {
    this.#isStopping = true
    this.#replacement?.[Symbol.dispose]()
    this.#started.reject(new ServerStoppedError())
    const worker = this.#worker
    if (worker === null) return this.#counts ?? NO_SESSIONS

    if (this.#listeningSince === null) worker.process.kill('SIGKILL')
    else worker.send(wrapMessage({ kind: 'stop', times }), ignoreUnsent)
    const { clock } = this.#dependencies
    const deadline = clock.setTimer(times.lead + times.timeout + ANSWER_MS, () =>
      this.#kill(worker),
    )
    await this.#ended.promise
    deadline[Symbol.dispose]()
    return this.#counts ?? NO_SESSIONS
  }

  #launch(): void {
    this.#listeningSince = null
    this.#counts = null
    this.#ended = new Deferred()
    let worker: WorkerProcess
    try {
      worker = this.#dependencies.fork()
    } catch (error) {
      this.#onEnd(new WorkerStartError({ exitCode: null, signal: null, cause: error }))
      return
    }
    this.#worker = worker
    worker.on('message', (message) => this.#receive(worker, readReport(message)))
    worker.on('exit', (exitCode, signal) => this.#onEnd(new WorkerStartError({ exitCode, signal })))
    worker.on('error', (error) => {
      // A worker that never became a process has no exit event. Other errors concern a message; the
      // exit event follows.
      if (worker.process.pid !== undefined) return
      this.#onEnd(new WorkerStartError({ exitCode: null, signal: null, cause: error }))
    })
  }

  #receive(worker: WorkerProcess, report: WorkerReport | null): void {
    if (report === null) return
    switch (report.kind) {
      case 'listening':
        this.#listeningSince = this.#dependencies.clock.now()
        this.#dependencies.onListening({ host: report.host, port: report.port })
        this.#started.resolve()
        return
      case 'refused':
        this.#refuse(worker, report)
        return
      case 'stopped':
        this.#counts = report.counts
        // The worker waits for this, because its exit could overtake the last message.
        worker.disconnect()
    }
  }

  #refuse(worker: WorkerProcess, refused: Extract<WorkerReport, { kind: 'refused' }>): void {
    const { host, port, code, reason } = refused
    const cause = Object.assign(new Error(reason), code === null ? {} : { code })
    const error = new ListenError(host, port, cause)
    if (this.#started.reject(error)) return
    logFailure(this.#dependencies.logger, error, 'Worker cannot listen')
    worker.process.kill('SIGKILL')
  }

  /** Handles the end of a worker, or a failed start. */
  #onEnd(end: WorkerStartError): void {
    const pid = this.#worker?.process.pid
    this.#worker = null
    this.#ended.resolve()
    if (this.#isStopping || this.#started.reject(end)) return

    const { clock, logger } = this.#dependencies
    const lasted = this.#listeningSince !== null && clock.now() - this.#listeningSince >= LASTING_MS
    this.#failures = lasted ? 0 : this.#failures
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LAST_DELAY_MS)
    this.#failures++
    // A worker with counts was stopped by its own program, and has not failed.
    if (this.#counts === null) {
      const { exitCode, signal, cause } = end
      logFailure(logger, cause, 'Worker ended and will be replaced', {
        pid,
        exitCode,
        signal,
        delayMs,
      })
    }
    this.#replacement = clock.setTimer(delayMs, () => this.#launch())
  }

  #kill(worker: WorkerProcess): void {
    this.#dependencies.logger.warn(
      { pid: worker.process.pid },
      'Worker does not stop, and is killed',
    )
    worker.process.kill('SIGKILL')
  }
}

function ignoreUnsent(): void {
  // The worker has just ended; the exit event follows.
}
