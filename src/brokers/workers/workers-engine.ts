/**
 * The broker of a worker: passes all calls to the process that holds the log.
 */

import { type BrokerOptions, type BrokerSink, BrokerUnavailableError } from '../../topics/index.ts'
import type { Engine } from '../engine.ts'
import { type Delivery, type LiveEvent, Subscriptions, type Wanted } from '../subscriptions.ts'
import { connectLog, frameNameOf, type LogAddress, type LogConnection } from './log-connection.ts'
import { type LogFrame, MAX_MESSAGE_BYTES } from './log-frames.ts'
import { readLiveEvent } from './log-replies.ts'
import { WorkersLog } from './workers-log.ts'

/** The half of the broker that talks to the host. */
export class WorkersEngine implements Engine<LogConnection, LogFrame>, Delivery<LogFrame> {
  readonly subscriptions: Subscriptions<LogFrame>
  readonly log: WorkersLog = new WorkersLog()
  readonly kinds = null
  readonly #address: LogAddress
  readonly #names: Pick<BrokerOptions, 'namespace' | 'nodeId'>

  constructor(address: LogAddress, sink: BrokerSink, options: BrokerOptions) {
    this.#address = address
    this.#names = options
    this.subscriptions = new Subscriptions(sink, this)
  }

  connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<LogConnection> {
    return connectLog(this.#address, this.#names, this.subscriptions, signal, ended)
  }

  send(connection: LogConnection, channel: string, message: Uint8Array): void {
    if (message.length > MAX_MESSAGE_BYTES) {
      throw new BrokerUnavailableError('send a message', null, {
        cause: new Error(`Cannot send ${message.length} bytes, expected ${MAX_MESSAGE_BYTES}`),
      })
    }
    connection.tell({ do: 'send', channel }, message)
  }

  nameOf(wanted: Wanted): string {
    return wanted.type === 'message'
      ? frameNameOf('message', wanted.channel)
      : frameNameOf('event', wanted.topic.name)
  }

  messageIn({ body }: LogFrame): Uint8Array {
    return body
  }

  eventIn(frame: LogFrame): LiveEvent | null {
    return readLiveEvent(frame)
  }
}
