/**
 * A server with workers, in the process that started them: it serves nobody itself.
 *
 * The module does not run here. What it opens (pools of a database, timers, subscriptions) would serve no
 * session, and a handler would find one application more than there are servers. So this process has little that
 * could fail, and outlives whatever a handler does to a worker.
 */

import type { Application, Logger, StopCounts, StopOptions } from '../../../application/index.ts'
import { type DrainTimes, readStopOptions, toStopOptions } from '../../../application/internal.ts'
import type { Clock } from '../../../base/index.ts'
import { ServerStoppedError } from '../errors.ts'
import type { EmbeddedServer, ServerAddress } from '../server/server.ts'
import { type SignalHost, watchSignals } from '../server/signals.ts'
import { WorkerPlace, type WorkerProcess } from './place.ts'

/** What the primary is made with. */
export interface PrimarySettings {
  readonly workers: number
  readonly signals: boolean
  /** For signals, and for `stop()` without options. */
  readonly stop: DrainTimes
  readonly logger: Logger
}

/** The world of a primary. */
export interface PrimaryHost {
  readonly clock: Clock
  readonly signals: SignalHost
  /** Starts the program once more; throws what the operating system says against it. */
  readonly fork: () => WorkerProcess
  /**
   * Keeps the process alive and other servers with workers out of it, until disposed of.
   *
   * @throws {TypeError} if another server has it.
   */
  readonly claim: () => Disposable
}

const AT_ONCE: DrainTimes = { grace: 0, timeout: 0, reconnectWithin: null }

/** Starts, replaces and stops the workers. */
export class PrimaryServer implements EmbeddedServer {
  readonly #settings: PrimarySettings
  readonly #host: PrimaryHost
  #places: readonly WorkerPlace[] = []
  #started: Promise<EmbeddedServer> | null = null
  #stopped: Promise<StopCounts> | null = null
  #address: ServerAddress | null = null
  #signals: Disposable | null = null
  #claim: Disposable | null = null

  constructor(settings: PrimarySettings, host: PrimaryHost) {
    this.#settings = settings
    this.#host = host
  }

  get application(): Application {
    throw new TypeError(
      'Cannot read application: this process serves nobody, its workers do, expected what concerns the' +
        ' application to be in the module',
    )
  }

  get address(): ServerAddress {
    if (this.#address !== null) return this.#address
    throw new TypeError(
      'Cannot read address: the server does not listen, expected start() before it',
    )
  }

  start(): Promise<EmbeddedServer> {
    if (this.#stopped !== null) return Promise.reject(new ServerStoppedError())
    this.#started ??= this.#launch()
    return this.#started
  }

  stop(options: StopOptions = toStopOptions(this.#settings.stop)): Promise<StopCounts> {
    if (this.#stopped !== null) return this.#stopped
    this.#stopped = this.#close(readStopOptions(options))
    return this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #launch(): Promise<EmbeddedServer> {
    const { workers, signals, logger } = this.#settings
    const { clock, fork } = this.#host
    try {
      this.#claim = this.#host.claim()
      const onListening = (address: ServerAddress): void => void (this.#address = address)
      this.#places = Array.from(
        { length: workers },
        () => new WorkerPlace({ fork, clock, logger, onListening }),
      )
      await Promise.all(this.#places.map((place) => place.start()))
    } catch (error) {
      await this.#vacate(AT_ONCE)
      this.#address = null
      this.#started = null
      throw error
    }
    if (signals) this.#signals = watchSignals(() => this.stop(), clock, this.#host.signals)
    return this
  }

  async #close(times: DrainTimes): Promise<StopCounts> {
    const counts = await this.#vacate(times)
    await this.#started?.catch(() => {
      // Whoever called start() has been told.
    })
    this.#signals?.[Symbol.dispose]()
    return counts
  }

  /** Ends all workers. Resolves with the sums of their counts. */
  async #vacate(times: DrainTimes): Promise<StopCounts> {
    const counts = await Promise.all(this.#places.map((place) => place.stop(times)))
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
