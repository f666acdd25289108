/**
 * What a broker needs of its engine. Redis, NATS and the workers implement it, and
 * `opening-broker.ts` calls it.
 */

import type {
  AppendIdentity,
  Appended,
  Head,
  LogKind,
  LogPage,
  LogTopic,
  ReadLimit,
} from '../topics/index.ts'
import type { Connector, LinkConnection } from './broker-link.ts'
import type { Subscriptions, Wanted } from './subscriptions.ts'

/** One connection to an engine. */
export interface EngineConnection extends LinkConnection {
  /** Resolves when everything that was sent before has reached the engine. */
  flush(): Promise<unknown>
  /** Resolves when the engine has confirmed all of `names`. */
  subscribe(names: readonly string[]): Promise<unknown>
  /** Never throws: what fails here has ended with the connection. */
  unsubscribe(name: string, wanted: Wanted): void
}

/** The parameters of `Broker.append`. */
export interface AppendRequest {
  readonly topic: LogTopic
  readonly message: Uint8Array
  readonly identity: AppendIdentity
  readonly expect: Head | undefined
}

/** The logs of an engine. The methods are those of `Broker`, on one connection. */
export interface EngineLog<Connection> {
  /**
   * Errors of Towpath pass through. Any other error means that the event may be stored: the publish
   * is uncertain.
   */
  append(connection: Connection, request: AppendRequest): Promise<Appended>
  read(connection: Connection, topic: LogTopic, after: number, limit: ReadLimit): Promise<LogPage>
  heads(connection: Connection, topics: readonly LogTopic[]): Promise<readonly Head[]>
}

/** What an engine needs for each kind of topics. */
export interface EngineKinds<Connection> {
  /** Adds a kind. It is verified by `prepare`, or on the next connection. */
  add(kind: LogKind): void
  /** See `Broker.prepare`. */
  prepare(connection: Connection, kind: LogKind): Promise<void>
  /** Verifies a kind that is not verified on this connection. @returns `null` if there is none. */
  verifyNext(connection: Connection): Promise<void> | null
}

/** The half of a broker that knows its engine. */
export interface Engine<Connection extends EngineConnection, Payload> {
  readonly subscriptions: Subscriptions<Payload>
  readonly log: EngineLog<Connection>
  /** `null` where the engine needs nothing for a kind. */
  readonly kinds: EngineKinds<Connection> | null
  /** See `Connector.connect`. */
  readonly connect: Connector<Connection>['connect']
  /** See `Broker.send`. */
  send(connection: Connection, channel: string, message: Uint8Array): void
}
