/**
 * The line between one node and the log in memory, in both directions, and the requests that are
 * under way on it.
 */

import { Deferred } from '../../base/internal.ts'
import type { BrokerOptions, BrokerSink } from '../broker.ts'
import { FaultPipe } from './fault-pipe.ts'

/** A request whose answer is still to come. */
interface Pending {
  readonly reject: (error: Error) => void
  readonly fail: () => Error
}

/** The two directions between a node and the log. */
export class Line {
  readonly sink: BrokerSink
  readonly environment: BrokerOptions['environment']
  readonly toLog: FaultPipe
  readonly toNode: FaultPipe
  readonly #namespace: string
  readonly #pending = new Set<Pending>()

  constructor(sink: BrokerSink, { environment, namespace }: BrokerOptions) {
    this.sink = sink
    this.environment = environment
    this.#namespace = namespace
    this.toLog = new FaultPipe(environment)
    this.toNode = new FaultPipe(environment)
  }

  /** A namespace has no colon, so that keys of two namespaces never meet. */
  keyOf(name: string): string {
    return `${this.#namespace}:${name}`
  }

  /**
   * Does `work` at the log, and brings its result or its error back.
   *
   * @param fail makes the error of a request whose line breaks.
   */
  request<T>(work: () => T, fail: () => Error): Promise<T> {
    const answer = new Deferred<T>()
    const pending: Pending = { reject: (error) => void answer.reject(error), fail }
    this.#pending.add(pending)
    const settle = (settled: () => void): void =>
      this.toNode.push(() => {
        this.#pending.delete(pending)
        settled()
      })
    this.toLog.push(() => {
      try {
        const result = work()
        settle(() => void answer.resolve(result))
      } catch (error) {
        settle(() => void answer.reject(error))
      }
    })
    return answer.promise
  }

  delay(ms: number): void {
    this.toLog.delayMs = ms
    this.toNode.delayMs = ms
  }

  stall(): void {
    this.toLog.stall()
    this.toNode.stall()
  }

  resume(): void {
    this.toLog.resume()
    this.toNode.resume()
  }

  /** The line breaks: everything under way is lost, and every request fails. */
  break(): void {
    this.stall()
    this.toLog.clear()
    this.toNode.clear()
    this.resume()
    const pending = [...this.#pending]
    this.#pending.clear()
    for (const { reject, fail } of pending) reject(fail())
  }
}
