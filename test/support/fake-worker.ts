/**
 * A worker process as its primary sees it, played by a test.
 */

import { EventEmitter } from 'node:events'

import type { StopCounts } from '../../src/application/index.ts'
import { type WorkerReport, wrapMessage } from '../../src/engines/node/workers/messages.ts'
import type { WorkerProcess } from '../../src/engines/node/workers/worker-supervisor.ts'

/** Writes down what is done to it. */
export class FakeWorker extends EventEmitter implements WorkerProcess {
  readonly process: { pid: number | undefined; kill: (signal: string) => void }
  readonly log: unknown[] = []

  constructor(pid: number | undefined = 7) {
    super()
    this.process = { pid, kill: (signal) => void this.log.push(signal) }
  }

  send(message: object): void {
    this.log.push(message)
  }

  disconnect(): void {
    this.log.push('disconnect')
  }

  listen(port: number = 80): void {
    this.#report({ kind: 'listening', host: '127.0.0.1', port })
  }

  refuse(code: string | null): void {
    this.#report({ kind: 'refused', host: null, port: 80, code, reason: 'bind' })
  }

  stopped(counts: StopCounts): void {
    this.#report({ kind: 'stopped', counts })
  }

  exit(code: number | null, signal: string | null = null): void {
    this.emit('exit', code, signal)
  }

  #report(report: WorkerReport): void {
    this.emit('message', wrapMessage(report))
  }
}
