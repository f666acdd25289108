/**
 * The primary process of a server with workers. It serves no requests.
 *
 * The module does not run here: its resources (database pools, timers, subscriptions) would serve
 * no session. So this process has little that can fail, and survives a worker that a handler
 * crashes.
 */

import type { Application, Logger, StopCounts, StopOptions } from '../../../application/index.ts'
import { type DrainTimes, readStopOptions, toStopOptions } from '../../../application/internal.ts'
import type { Clock } from '../../../base/index.ts'
import type { EmbeddedServer, ServerAddress } from '../server/server.ts'
import { ServerLife } from '../server/server-life.ts'
import { logListening } from '../server/listening.ts'
import { type SignalProcess, stopAtSignal, watchSignals } from '../server/signals.ts'
import { WorkerSupervisor, type WorkerProcess } from './worker-supervisor.ts'

/** The settings of a primary. */
export interface PrimarySettings {
  readonly workers: number
  readonly signals: boolean | DrainTimes
  /** For signals, and for `stop()` without options. */
  readonly stop: DrainTimes
  readonly logger: Logger
}

/** What a primary needs from its process. */
export interface PrimaryDependencies {
  readonly clock: Clock
  readonly signals: SignalProcess
  /** Starts the program again as a worker; throws the system's error. */
  readonly fork: () => WorkerProcess
  /**
   * Keeps the process alive, and prevents other servers with workers, until disposed of.
   *
   * @throws {TypeError} if another server has claimed the process.
   */
  readonly claim: () => Disposable
}

const AT_ONCE: DrainTimes = { lead: 0, grace: 0, timeout: 0, reconnectWithin: null }

/** Starts, replaces and stops the workers. */
export class PrimaryServer implements EmbeddedServer {
  readonly #settings: PrimarySettings
  readonly #dependencies: PrimaryDependencies
  #supervisors: readonly WorkerSupervisor[] = []
  readonly #life = new ServerLife()
  #signals: Disposable | null = null
  #claim: Disposable | null = null

  constructor(settings: PrimarySettings, dependencies: PrimaryDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  get application(): Application {
    throw new TypeError(
      'Cannot read application: only the workers have one, expected the module to set it up',
    )
  }

  get address(): ServerAddress {
    return this.#life.address
  }

  start(): Promise<EmbeddedServer> {
    return this.#life.start(() => this.#launch())
  }

  stop(options: StopOptions = toStopOptions(this.#settings.stop)): Promise<StopCounts> {
    return this.#life.stop(() => this.#close(readStopOptions(options)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #launch(): Promise<EmbeddedServer> {
    const { workers, signals, logger } = this.#settings
    const { clock, fork } = this.#dependencies
    try {
      this.#claim = this.#dependencies.claim()
      const onListening = (address: ServerAddress): void => this.#life.listens(address)
      this.#supervisors = Array.from(
        { length: workers },
        () => new WorkerSupervisor({ fork, clock, logger, onListening }),
      )
      await Promise.all(this.#supervisors.map((supervisor) => supervisor.start()))
    } catch (error) {
      await this.#stopWorkers(AT_ONCE)
      this.#life.failed()
      throw error
    }
    logListening(logger, this.address, { workers })
    const options = stopAtSignal(signals)
    if (options !== null) {
      this.#signals = watchSignals(() => this.stop(...options), clock, this.#dependencies.signals)
    }
    return this
  }

  async #close(times: DrainTimes): Promise<StopCounts> {
    const counts = await this.#stopWorkers(times)
    await this.#life.settled()
    this.#signals?.[Symbol.dispose]()
    return counts
  }

  /** Stops all workers. Resolves with the sum of their counts. */
  async #stopWorkers(times: DrainTimes): Promise<StopCounts> {
    const counts = await Promise.all(this.#supervisors.map((supervisor) => supervisor.stop(times)))
    this.#claim?.[Symbol.dispose]()
    this.#claim = null
    return {
      sessions: sum(counts.map(({ sessions }) => sessions)),
      closed: sum(counts.map(({ closed }) => closed)),
      aborted: sum(counts.map(({ aborted }) => aborted)),
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
