/**
 * The errors of topics. All have the topic's name in `topic`.
 */

import { TowpathError } from '../base/index.ts'
import { quoteName } from '../base/internal.ts'

/** The broker cannot be reached, or refuses: nothing was stored. */
export class BrokerUnavailableError extends TowpathError {
  override readonly name = 'BrokerUnavailableError'
  readonly code = 'TOWPATH_BROKER_UNAVAILABLE'

  /** The topic that was asked for; `null` when no topic was. */
  readonly topic: string | null

  /**
   * @param act what cannot be done, such as `publish to "rooms/42"`.
   * @param options `problem`: why; by default, that the broker is not connected.
   */
  constructor(
    act: string,
    topic: string | null,
    {
      problem = 'the broker is not connected',
      ...options
    }: ErrorOptions & {
      readonly problem?: string
    } = {},
  ) {
    super(`Cannot ${act}: ${problem}`, options)
    this.topic = topic
  }
}

/**
 * The event may be stored: the connection to the broker ended before the answer, or the time in
 * which a second attempt is recognised is over, a later publish was stored first, or the topics
 * were closed. Publishing again may store the event twice.
 */
export class PublishUncertainError extends TowpathError {
  override readonly name = 'PublishUncertainError'
  readonly code = 'TOWPATH_PUBLISH_UNCERTAIN'
  readonly topic: string

  /** @param problem why the result is unknown. */
  constructor(topic: string, options?: ErrorOptions, problem = 'no answer came in time') {
    super(`Cannot say whether the event for ${quoteName(topic)} is stored: ${problem}`, options)
    this.topic = topic
  }
}

/** Why a publish was refused. */
export type PublishRefusal =
  | 'rate'
  | 'size'
  | 'schema'
  | 'forbidden'
  | 'busy'
  | 'expectation'
  | 'closed'

const REFUSALS: Readonly<Record<PublishRefusal, string>> = {
  rate: 'there were too many in a short time',
  size: 'it is too large',
  schema: 'it does not fit the schema of the topic',
  forbidden: 'it is not allowed',
  busy: 'too many events wait for the broker',
  expectation: 'the log has another position',
  closed: 'the topics have been closed',
}

/** The event was refused, and is not stored. */
export class PublishRefusedError extends TowpathError {
  override readonly name = 'PublishRefusedError'
  readonly code = 'TOWPATH_PUBLISH_REFUSED'
  readonly topic: string
  readonly reason: PublishRefusal

  /** Milliseconds after which another attempt may succeed; `null` when it will not. */
  readonly retryAfter: number | null

  constructor(
    topic: string,
    reason: PublishRefusal,
    options: ErrorOptions & { readonly retryAfter?: number; readonly detail?: string } = {},
  ) {
    super(`Cannot publish to ${quoteName(topic)}: ${options.detail ?? REFUSALS[reason]}`, options)
    this.topic = topic
    this.reason = reason
    this.retryAfter = options.retryAfter ?? null
  }
}

/**
 * Brokers throw it: the log has newer events, or has another epoch. Publishers get
 * `PublishRefusedError`.
 */
export class ExpectationFailedError extends TowpathError {
  override readonly name = 'ExpectationFailedError'
  readonly code = 'TOWPATH_EXPECTATION_FAILED'
  readonly topic: string

  constructor(topic: string) {
    super(`Cannot append to ${quoteName(topic)}: the log is not at the expected position`)
    this.topic = topic
  }
}

/** Why a subscription was refused or ended. */
export type SubscriptionRefusal =
  | 'forbidden'
  | 'limit'
  | 'rate'
  | 'name'
  | 'meta'
  | 'taken'
  | 'closed'

const SUBSCRIPTION_REFUSALS: Readonly<Record<SubscriptionRefusal, string>> = {
  forbidden: 'it is not allowed, or not found',
  limit: 'the session has too many subscriptions',
  rate: 'there were too many in a short time',
  name: 'the name is invalid',
  meta: 'the meta is too large or invalid',
  taken: 'another client has the key',
  closed: 'the client has been closed',
}

/** A subscription, or a seat in the presence of a topic, was refused or has ended. */
export class SubscriptionRefusedError extends TowpathError {
  override readonly name = 'SubscriptionRefusedError'
  readonly code = 'TOWPATH_SUBSCRIPTION_REFUSED'
  readonly topic: string
  readonly reason: SubscriptionRefusal

  /** The application's own reason; `null` if it gave none. */
  readonly denied: { readonly code: string; readonly message: string } | null

  constructor(
    topic: string,
    reason: SubscriptionRefusal,
    denied: { readonly code: string; readonly message: string } | null = null,
  ) {
    super(`Cannot subscribe to ${quoteName(topic)}: ${SUBSCRIPTION_REFUSALS[reason]}`)
    this.topic = topic
    this.reason = reason
    this.denied = denied
  }
}

/** Another holder has the key. The same call may succeed when that holder has left. */
export class PresenceKeyTakenError extends TowpathError {
  override readonly name = 'PresenceKeyTakenError'
  readonly code = 'TOWPATH_PRESENCE_KEY_TAKEN'
  readonly topic: string
  readonly key: string

  constructor(topic: string, key: string) {
    super(
      `Cannot join ${quoteName(topic)}: another holder has the key, expected a key that is free`,
    )
    this.topic = topic
    this.key = key
  }
}

/** A name that no topic can have. */
export class TopicNameError extends TowpathError {
  override readonly name = 'TopicNameError'
  readonly code = 'TOWPATH_TOPIC_NAME'
  readonly topic: string

  /** @param problem what is so and what was expected. */
  constructor(topic: string, problem: string) {
    super(`Cannot use the name of a topic: ${problem}`)
    this.topic = topic
  }
}

/** Two kinds could have a topic of the same name. */
export class TopicKindConflictError extends TowpathError {
  override readonly name = 'TopicKindConflictError'
  readonly code = 'TOWPATH_TOPIC_KIND_CONFLICT'

  /** The pattern that was being declared. */
  readonly topic: string

  /** The pattern that was there before. */
  readonly existing: string

  constructor(topic: string, existing: string) {
    super(
      `Cannot use the kind ${quoteName(topic)}: topics of ${quoteName(existing)} may have the same name, expected another prefix`,
    )
    this.topic = topic
    this.existing = existing
  }
}
