/**
 * A server in a worker process. It serves, reports to the primary, and stops when the primary asks.
 */

import type { Application, StopCounts, StopOptions } from '../../../application/index.ts'
import { toStopOptions } from '../../../application/internal.ts'
import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import { ListenError } from '../errors.ts'
import type { EmbeddedServer, ServerAddress } from '../server/server.ts'
import { readOrder, wrapMessage, type WorkerReport } from './messages.ts'
import { EXIT_PAUSE_MS } from '../server/signals.ts'

/** What a worker needs from its process. */
export interface WorkerDependencies {
  readonly clock: Clock
  /** Sends to the primary. If the primary has ended, Node ends this process. */
  readonly send: (message: object) => void
  readonly on: (
    event: 'message' | 'disconnect' | 'SIGTERM' | 'SIGINT',
    listener: (received: unknown) => void,
  ) => void
  readonly exit: () => void
  /** See `PrimaryDependencies.claim`; a worker never releases it. */
  readonly claim: () => void
}

/** Runs a server under the control of the primary. */
export class WorkerServer implements EmbeddedServer {
  readonly #server: EmbeddedServer
  readonly #holdsSignals: boolean
  readonly #dependencies: WorkerDependencies
  #started: Promise<EmbeddedServer> | null = null
  #stopped: Promise<StopCounts> | null = null

  /**
   * @param server not listening yet, and without signal listeners.
   * @param holdsSignals whether SIGTERM and SIGINT are ignored here. The primary stops its workers;
   *   the signals also reach workers directly when they are sent to the whole process group.
   */
  constructor(server: EmbeddedServer, holdsSignals: boolean, dependencies: WorkerDependencies) {
    this.#server = server
    this.#holdsSignals = holdsSignals
    this.#dependencies = dependencies
  }

  get application(): Application {
    return this.#server.application
  }

  get address(): ServerAddress {
    return this.#server.address
  }

  start(): Promise<EmbeddedServer> {
    this.#started ??= this.#listen()
    return this.#started
  }

  stop(options?: StopOptions): Promise<StopCounts> {
    this.#stopped ??= this.#report(this.#server.stop(options))
    return this.#stopped
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #listen(): Promise<EmbeddedServer> {
    this.#dependencies.claim()
    try {
      await this.#server.start()
    } catch (error) {
      if (!(error instanceof ListenError)) throw error
      this.#send(refusalOf(error))
      // The primary's start() rejects, once for all workers, and this process is ended.
      return new Deferred<never>().promise
    }
    const { on } = this.#dependencies
    if (this.#holdsSignals)
      for (const signal of ['SIGTERM', 'SIGINT'] as const) on(signal, () => {})
    on('message', (received) => this.#receive(received))
    this.#send({ kind: 'listening', ...this.#server.address })
    return this
  }

  #receive(received: unknown): void {
    const order = readOrder(received)
    if (order !== null) void this.stop(toStopOptions(order.times))
  }

  async #report(draining: Promise<StopCounts>): Promise<StopCounts> {
    const counts = await draining
    // The primary disconnects when it has the counts. The process then ends by itself, or by this
    // timer.
    const { clock, exit, on } = this.#dependencies
    on('disconnect', () => clock.setTimer(EXIT_PAUSE_MS, exit))
    this.#send({ kind: 'stopped', counts })
    return counts
  }

  #send(report: WorkerReport): void {
    this.#dependencies.send(wrapMessage(report))
  }
}

function refusalOf({ host, port, cause }: ListenError): WorkerReport {
  const reason = cause instanceof Error ? cause.message : 'unknown'
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null
  return { kind: 'refused', host, port, code, reason }
}
