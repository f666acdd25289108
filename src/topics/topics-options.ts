/**
 * The options of topics.
 */

import type { Duration } from '../base/index.ts'
import {
  kindOf,
  readChoice,
  readDuration,
  readWholeNumber,
  requireKnownNames,
} from '../base/internal.ts'
import type { Broker } from './broker.ts'
import { memoryBroker } from './memory/memory-broker.ts'

/** How topics are set up. Every option has a safe default. */
export interface TopicsOptions {
  /**
   * How the processes of the application reach each other. @defaultValue memoryBroker(): this
   * process alone
   */
  readonly broker?: Broker
  /**
   * Separates applications that share one broker: 1 to 64 letters, digits, `-` and `_`.
   * @defaultValue 'towpath'
   */
  readonly namespace?: string
  /**
   * Signs the names of clients: at least 16 characters, the same in all processes. Without it a
   * client cannot prove who it was to another process. @defaultValue a random one for this process
   */
  readonly secret?: string
  /** For how long a repeated publish is recognised. @defaultValue 2 minutes */
  readonly dedupe?: Duration
  /** How long a publish is retried while the broker is lost or refuses. @defaultValue 10 seconds */
  readonly publishTimeout?: Duration
  /**
   * For how long a topic is followed after its last subscriber has left. @defaultValue 10 seconds
   */
  readonly linger?: Duration
  /**
   * For how long the members of a broken connection still count as present. @defaultValue 10
   * seconds
   */
  readonly grace?: Duration
  /**
   * After how long without a sign of life the members of another process have left. A process gives
   * three signs in that time. @defaultValue 15 seconds
   */
  readonly nodeTimeout?: Duration
  /** How often heads are compared with the broker. @defaultValue 25 seconds */
  readonly checkEvery?: Duration
  /**
   * What happens to an event without history while the broker is down: it reaches the subscribers
   * of this process, or the publish is rejected. @defaultValue 'local'
   */
  readonly whileDown?: 'local' | 'reject'
  /** Topics that one client may subscribe to at a time, 1 or above. @defaultValue 128 */
  readonly maxTopics?: number
  /** Subscribes of one client in a second, 1 or above. @defaultValue 50 */
  readonly maxSubscribesPerSecond?: number
  /** Bytes of the data of one event, 1 or above. @defaultValue 65 536 */
  readonly maxEventBytes?: number
  /** Publishes of one client in a second, 1 or above; twice as many in a burst. @defaultValue 20 */
  readonly maxPublishesPerSecond?: number
  /** Bytes of what a member says about itself, 1 or above. @defaultValue 1024 */
  readonly maxMetaBytes?: number
}

/** The options, checked. All times are in milliseconds. */
export interface TopicsSettings {
  readonly broker: Broker
  readonly namespace: string
  /** `null`: none was given. */
  readonly secret: string | null
  readonly dedupeMs: number
  readonly publishTimeoutMs: number
  readonly lingerMs: number
  readonly graceMs: number
  readonly nodeTimeoutMs: number
  readonly checkEveryMs: number
  readonly whileDown: 'local' | 'reject'
  readonly maxTopics: number
  readonly maxSubscribesPerSecond: number
  readonly maxEventBytes: number
  readonly maxPublishesPerSecond: number
  readonly maxMetaBytes: number
}

/** The names of all options. */
export const TOPICS_OPTION_NAMES: ReadonlyArray<keyof TopicsOptions> = [
  'broker',
  'namespace',
  'secret',
  'dedupe',
  'publishTimeout',
  'linger',
  'grace',
  'nodeTimeout',
  'checkEvery',
  'whileDown',
  'maxTopics',
  'maxSubscribesPerSecond',
  'maxEventBytes',
  'maxPublishesPerSecond',
  'maxMetaBytes',
]

const NAMESPACE = /^[A-Za-z0-9_-]{1,64}$/
const MIN_SECRET_LENGTH = 16
const MIN = { min: 1 }

/** Checks the options. @throws {TypeError | RangeError} */
export function readTopicsOptions(act: string, options: TopicsOptions): TopicsSettings {
  requireKnownNames(act, options, TOPICS_OPTION_NAMES)
  const time = (name: string, value: Duration | undefined, fallback: number): number =>
    readDuration(act, name, value, fallback)
  const count = (name: string, value: number | undefined, fallback: number): number =>
    readWholeNumber(act, name, value, fallback, MIN)
  return {
    broker: readBroker(act, options.broker),
    namespace: readNamespace(act, options.namespace),
    secret: readSecret(act, options.secret),
    dedupeMs: time('dedupe', options.dedupe, 120_000),
    publishTimeoutMs: time('publishTimeout', options.publishTimeout, 10_000),
    lingerMs: time('linger', options.linger, 10_000),
    graceMs: time('grace', options.grace, 10_000),
    nodeTimeoutMs: time('nodeTimeout', options.nodeTimeout, 15_000),
    checkEveryMs: time('checkEvery', options.checkEvery, 25_000),
    whileDown: readChoice(act, 'whileDown', options.whileDown, 'local', ['local', 'reject']),
    maxTopics: count('maxTopics', options.maxTopics, 128),
    maxSubscribesPerSecond: count('maxSubscribesPerSecond', options.maxSubscribesPerSecond, 50),
    maxEventBytes: count('maxEventBytes', options.maxEventBytes, 65_536),
    maxPublishesPerSecond: count('maxPublishesPerSecond', options.maxPublishesPerSecond, 20),
    maxMetaBytes: count('maxMetaBytes', options.maxMetaBytes, 1024),
  }
}

function readBroker(act: string, broker: Broker | undefined): Broker {
  if (broker === undefined) return memoryBroker()
  if (typeof broker === 'object' && broker !== null && typeof broker.append === 'function') {
    return broker
  }
  throw new TypeError(
    `Cannot ${act}: option "broker" is ${kindOf(broker)}, expected a broker such as memoryBroker()`,
  )
}

function readNamespace(act: string, namespace: string = 'towpath'): string {
  if (typeof namespace === 'string' && NAMESPACE.test(namespace)) return namespace
  throw new TypeError(
    `Cannot ${act}: option "namespace" is invalid, expected 1 to 64 letters, digits, "-" or "_"`,
  )
}

function readSecret(act: string, secret: string | undefined): string | null {
  if (secret === undefined) return null
  if (typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH) return secret
  throw new TypeError(
    `Cannot ${act}: option "secret" is too short, expected ${MIN_SECRET_LENGTH} characters or more`,
  )
}
