/**
 * A server with workers, in one of them: it serves, tells the primary how it goes, and stops when told.
 */

import type { Application, StopCounts, StopOptions } from '../../../application/index.ts'
import { toStopOptions } from '../../../application/internal.ts'
import type { Clock } from '../../../base/index.ts'
import { Deferred } from '../../../base/internal.ts'
import { ListenError } from '../errors.ts'
import type { EmbeddedServer, ServerAddress } from '../server/server.ts'
import { readOrder, wrapMessage, type WorkerReport } from './messages.ts'
import { EXIT_PAUSE_MS } from '../server/signals.ts'

/** The part of `process` that a worker needs, and time. */
export interface WorkerWorld {
  readonly clock: Clock
  /** Sends to the primary; if that is gone, so will be this process. */
  readonly send: (message: object) => void
  readonly on: (
    event: 'message' | 'disconnect' | 'SIGTERM' | 'SIGINT',
    listener: (received: unknown) => void,
  ) => void
  readonly exit: () => void
  /** See `PrimaryHost.claim`; a worker never gives it back. */
  readonly claim: () => void
}

/** Puts a server of this process at the primary's disposal. */
export class WorkerServer implements EmbeddedServer {
  readonly #server: EmbeddedServer
  readonly #holdsSignals: boolean
  readonly #world: WorkerWorld
  #started: Promise<EmbeddedServer> | null = null
  #stopped: Promise<StopCounts> | null = null

  /**
   * @param server does not listen yet, nor for signals.
   * @param holdsSignals whether SIGTERM and SIGINT are to do nothing here: they end the primary's workers by
   *   way of the primary, and reach a worker as well when they are for a terminal's or a service's whole group.
   */
  constructor(server: EmbeddedServer, holdsSignals: boolean, world: WorkerWorld) {
    this.#server = server
    this.#holdsSignals = holdsSignals
    this.#world = world
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
    this.#world.claim()
    try {
      await this.#server.start()
    } catch (error) {
      if (!(error instanceof ListenError)) throw error
      this.#send(refusalOf(error))
      // The primary's start() tells of it, once for all workers, and this process is ended.
      return new Deferred<never>().promise
    }
    const { on } = this.#world
    if (this.#holdsSignals)
      for (const signal of ['SIGTERM', 'SIGINT'] as const) on(signal, () => {})
    on('message', (received) => this.#obey(received))
    this.#send({ kind: 'listening', ...this.#server.address })
    return this
  }

  #obey(received: unknown): void {
    const order = readOrder(received)
    if (order !== null) void this.stop(toStopOptions(order.times))
  }

  async #report(draining: Promise<StopCounts>): Promise<StopCounts> {
    const counts = await draining
    // The primary disconnects when it has the counts; then the process ends by itself if nothing holds it.
    const { clock, exit, on } = this.#world
    on('disconnect', () => clock.setTimer(EXIT_PAUSE_MS, exit))
    this.#send({ kind: 'stopped', counts })
    return counts
  }

  #send(report: WorkerReport): void {
    this.#world.send(wrapMessage(report))
  }
}

function refusalOf({ host, port, cause }: ListenError): WorkerReport {
  const reason = cause instanceof Error ? cause.message : 'unknown'
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null
  return { kind: 'refused', host, port, code, reason }
}
