/**
 * The options of topics.
 */

import type { Duration } from '../base/index.ts'
import {
  checked,
  choice,
  duration,
  kindOf,
  optionReader,
  type OptionTable,
  optionTable,
  type SettingsOf,
  wholeNumber,
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

/** The values of the options: the broker may be absent, and times are in milliseconds. */
type Values = SettingsOf<TopicsOptions, { broker: Broker | null; secret: string | null }>

const NAMESPACE = /^[A-Za-z0-9_-]{1,64}$/
const MIN_SECRET_LENGTH = 16

/** Every option: its default, and which values are valid. */
export const TOPICS_OPTIONS: OptionTable<Values> = optionTable<Values>({
  // A broker in memory is made for each installation.
  broker: checked<Broker | null>(null, readBroker),
  namespace: checked('towpath', readNamespace),
  secret: checked<string | null>(null, readSecret),
  dedupe: duration(120_000),
  publishTimeout: duration(10_000),
  linger: duration(10_000),
  grace: duration(10_000),
  nodeTimeout: duration(15_000),
  checkEvery: duration(25_000),
  whileDown: choice('local', ['local', 'reject']),
  maxTopics: wholeNumber(128),
  maxSubscribesPerSecond: wholeNumber(50),
  maxEventBytes: wholeNumber(65_536),
  maxPublishesPerSecond: wholeNumber(20),
  maxMetaBytes: wholeNumber(1024),
})

/** Checks the options. @throws {TypeError | RangeError} */
export function readTopicsOptions(act: string, options: TopicsOptions): TopicsSettings {
  const values = TOPICS_OPTIONS.read(optionReader(act), options)
  const { broker, dedupe, publishTimeout, linger, grace, nodeTimeout, checkEvery } = values
  return {
    ...values,
    broker: broker ?? memoryBroker(),
    dedupeMs: dedupe,
    publishTimeoutMs: publishTimeout,
    lingerMs: linger,
    graceMs: grace,
    nodeTimeoutMs: nodeTimeout,
    checkEveryMs: checkEvery,
  }
}

function readBroker(act: string, broker: unknown): Broker {
  const isObject = typeof broker === 'object' && broker !== null
  // Checked by one of its methods: an application may have a broker of its own.
  if (isObject && 'append' in broker && typeof broker.append === 'function') return broker as Broker
  throw new TypeError(
    `Cannot ${act}: option "broker" is ${kindOf(broker)}, expected a broker such as memoryBroker()`,
  )
}

function readNamespace(act: string, namespace: unknown): string {
  if (typeof namespace === 'string' && NAMESPACE.test(namespace)) return namespace
  throw new TypeError(
    `Cannot ${act}: option "namespace" is invalid, expected 1 to 64 letters, digits, "-" or "_"`,
  )
}

function readSecret(act: string, secret: unknown): string {
  if (typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH) return secret
  throw new TypeError(
    `Cannot ${act}: option "secret" is too short, expected ${MIN_SECRET_LENGTH} characters or more`,
  )
}
