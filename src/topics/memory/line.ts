/**
 * The line between one node and the log in memory, in both directions.
 */

import type { BrokerOptions, BrokerSink } from '../broker.ts'
import { FaultPipe } from './fault-pipe.ts'

/** The two directions between a node and the log. */
export class Line {
  readonly sink: BrokerSink
  readonly environment: BrokerOptions['environment']
  readonly toLog: FaultPipe
  readonly toNode: FaultPipe
  readonly #namespace: string

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

  clear(): void {
    this.stall()
    this.toLog.clear()
    this.toNode.clear()
    this.resume()
  }
}
