/**
 * The options of `natsBroker`, checked.
 */

import type { NodeConnectionOptions } from '@nats-io/transport-node'

import {
  kindOf,
  readChoice,
  readWholeNumber,
  requireKnownNames,
  requireObject,
} from '../../base/internal.ts'

/** What `natsBroker` takes. */
export interface NatsBrokerOptions {
  /**
   * Where NATS is: `host:port` or `nats://host:port`, one or several servers of a cluster. Each
   * connect tries them in random order.
   *
   * @defaultValue `localhost:4222`
   */
  readonly servers?: string | readonly string[]

  /** The user to log in as. @defaultValue none */
  readonly user?: string

  /** The password of `user`. @defaultValue none */
  readonly pass?: string

  /** A token to log in with. @defaultValue none */
  readonly token?: string

  /** Other ways to log in, from the package: `credsAuthenticator(…)`, `nkeyAuthenticator(…)`. */
  readonly authenticator?: NonNullable<NodeConnectionOptions['authenticator']>

  /** TLS, with the options of the package. @defaultValue TLS where the server asks for it */
  readonly tls?: NonNullable<NodeConnectionOptions['tls']>

  /**
   * How many servers keep each stream: 1, 3 or 5. A stream that exists keeps what it has.
   *
   * @defaultValue 3 where the server is part of a cluster, otherwise 1
   */
  readonly replicas?: 1 | 3 | 5

  /**
   * What a restart of a single server means for the logs. `epoch`: acknowledged events may be
   * missing, so subscribers are told by a new epoch. `trust`: the server loses nothing it has
   * acknowledged, as it does with `sync_interval: always`. With three copies a restart of one means
   * nothing in either case.
   *
   * @defaultValue 'epoch'
   */
  readonly restart?: 'epoch' | 'trust'

  /**
   * How many bytes of messages of the wire may be on the way to NATS, 1 or above. Above it, `send`
   * throws `BrokerUnavailableError` and the message is lost, as the wire may.
   *
   * @defaultValue 16 MiB
   */
  readonly maxUnsentBytes?: number
}

/** Options with their defaults. */
export interface NatsSettings {
  /** For the package. */
  readonly connection: NodeConnectionOptions
  readonly replicas: number | null
  readonly isTrusted: boolean
  readonly maxUnsentBytes: number
}

const ACT = 'make the NATS broker'
const LOGIN = ['user', 'pass', 'token', 'authenticator', 'tls'] as const
const NAMES = ['servers', ...LOGIN, 'replicas', 'restart', 'maxUnsentBytes']

/** @throws {TypeError} for an unknown option or an invalid value. */
export function readNatsOptions(options: NatsBrokerOptions): NatsSettings {
  requireObject(ACT, 'the options argument', options)
  requireKnownNames(ACT, options, NAMES)
  const { servers = 'localhost:4222', replicas } = options
  const list: readonly unknown[] = Array.isArray(servers) ? servers : [servers]
  // The message names no part of an address: it may hold a password.
  if (list.length === 0 || !list.every((each) => typeof each === 'string' && each !== '')) {
    throw new TypeError(`Cannot ${ACT}: option "servers" is invalid, expected host:port or a list`)
  }
  if (replicas !== undefined && replicas !== 1 && replicas !== 3 && replicas !== 5) {
    throw new TypeError(
      `Cannot ${ACT}: option "replicas" is ${kindOf(replicas)}, expected 1, 3 or 5`,
    )
  }
  const login: NodeConnectionOptions = Object.fromEntries(
    LOGIN.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
  const restart = readChoice(ACT, 'restart', options.restart, 'epoch', ['epoch', 'trust'])
  const { maxUnsentBytes } = options
  return {
    // Strings, as the line above has made sure of.
    connection: { ...login, servers: list as string[] },
    replicas: replicas ?? null,
    isTrusted: restart === 'trust',
    maxUnsentBytes: readWholeNumber(ACT, 'maxUnsentBytes', maxUnsentBytes, 16 << 20, { min: 1 }),
  }
}
