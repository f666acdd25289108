/**
 * The broker on NATS 2.9.10 or newer with JetStream: a stream per kind, which republishes what it
 * has stored.
 */

import type * as Nats from '@nats-io/transport-node'

import type { Broker, BrokerOptions, BrokerSink, LogTopic } from '../../topics/index.ts'
import { createEpoch } from '../places.ts'
import type { Engine } from '../engine.ts'
import { OpeningBroker } from '../opening-broker.ts'
import {
  type Delivery,
  type LiveEvent,
  Subscriptions,
  type Wanted,
  type WantedEvents,
} from '../subscriptions.ts'
import { KindStreams } from './kind-streams.ts'
import { connectNats, loadNats } from './nats-dialing.ts'
import type { NatsConnection, NatsMessage } from './nats-connection.ts'
import { NatsLog } from './nats-log.ts'
import { NatsNames, tokenOf } from './nats-names.ts'
import { type NatsBrokerOptions, type NatsSettings, readNatsOptions } from './nats-options.ts'
import { NatsWire } from './nats-wire.ts'

/**
 * Makes the broker on NATS. It needs the package `@nats-io/transport-node` 3.3.1 or newer, which
 * this call loads.
 *
 * @throws {PackageMissingError} if the package is not installed; {TypeError} for an unknown option
 *   or an invalid value.
 */
export function natsBroker(options: NatsBrokerOptions = {}): Broker {
  const settings = readNatsOptions(options)
  const nats = loadNats()
  // A change of the stream's leader could otherwise store the second append before the first.
  return new OpeningBroker(
    { appendsInFlight: 1, offsets: 'sparse' },
    (sink, opening) => new NatsEngine(nats, settings, sink, opening),
  )
}

class NatsEngine implements Engine<NatsConnection, NatsMessage>, Delivery<NatsMessage> {
  readonly subscriptions: Subscriptions<NatsMessage>
  readonly log: NatsLog
  readonly kinds: KindStreams
  readonly #nats: typeof Nats
  readonly #settings: NatsSettings
  readonly #names: NatsNames
  readonly #wire: NatsWire

  constructor(
    nats: typeof Nats,
    settings: NatsSettings,
    sink: BrokerSink,
    { namespace, environment }: BrokerOptions,
  ) {
    this.#nats = nats
    this.#settings = settings
    this.#names = new NatsNames(namespace)
    this.#wire = new NatsWire(settings.maxUnsentBytes)
    this.subscriptions = new Subscriptions(sink, this)
    this.kinds = new KindStreams(this.#names, settings, () => createEpoch(environment))
    this.log = new NatsLog(this.kinds, (topic) => this.subscriptions.find(this.#liveOf(topic)))
  }

  async connect(signal: AbortSignal, ended: (cause: unknown) => void): Promise<NatsConnection> {
    this.kinds.reset()
    const heard = (message: NatsMessage): void => {
      if (!signal.aborted) this.subscriptions.heard(message.subject, message)
    }
    const connection = await connectNats(this.#nats, this.#settings, heard, signal, ended)
    const moved = ({ subject }: NatsMessage): void =>
      void this.kinds.markerMoved(connection, subject)
    await connection.watch(this.#names.allMarkers, moved)
    await connection.checkPublish(this.#names.wire(''))
    return connection
  }

  send(connection: NatsConnection, channel: string, message: Uint8Array): void {
    this.#wire.send(connection, this.#names.wire(channel), message)
  }

  nameOf(wanted: Wanted): string {
    return wanted.type === 'message' ? this.#names.wire(wanted.channel) : this.#liveOf(wanted.topic)
  }

  messageIn({ data }: NatsMessage): Uint8Array {
    return data.slice()
  }

  eventIn(message: NatsMessage, wanted: WantedEvents): LiveEvent | null {
    const place = this.log.placeOf(message, wanted)
    return place && { place, message: message.data.slice() }
  }

  #liveOf({ name, kind }: LogTopic): string {
    return `${this.#names.kind(kind.id).live}.${tokenOf(name)}`
  }
}
