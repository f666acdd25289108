/**
 * Permissions: what clients may do with the topics of a kind. The application decides for each
 * topic. Everything that it does not allow is forbidden.
 */

import { kindOf, requireFunction, requireKnownNames, requireObject } from '../../base/internal.ts'
import { type AnyTopicKind, requireKind } from '../kind/define-topic.ts'
import type { KindRegistry } from '../kind/kind-registry.ts'
import type { TopicsClient } from './topics-client.ts'

/** A refusal, with a reason for the client. */
export class Denied {
  /** For programs: 1 to 64 characters. */
  readonly code: string
  /** For people. */
  readonly message: string

  constructor(code: string, message: string = '') {
    this.code = code
    this.message = message
  }
}

/** The question of a permission. */
export interface Asked<Parameters> {
  readonly client: TopicsClient
  /** What the pattern of the kind captures. */
  readonly parameters: Parameters
  /** The name of the topic. */
  readonly topic: string
}

/**
 * `{ until }` allows up to that moment: then the subscription ends, unless a renewed token is
 * allowed again.
 */
export type Verdict = boolean | Denied | { readonly until: Date }

type Answer<T> = T | Promise<T>

/** What clients may do. Without a function, that is forbidden. */
export interface TopicPermissions<Parameters, Event, Input, Meta = unknown> {
  /** Whether a client may receive the topic. */
  readonly subscribe?: (asked: Asked<Parameters>) => Answer<Verdict>
  /**
   * Whether a client may publish. `{ event }` is stored instead of the client's event. Both are
   * validated with the schema of the kind.
   */
  readonly publish?: (
    asked: Asked<Parameters> & { readonly event: Event },
  ) => Answer<boolean | Denied | { readonly event: Input }>
  /**
   * Whether a client may be a member, and under which key. `meta` is an argument of the client, and
   * is not checked. Without this function clients cannot see the members either. To see them, a
   * client also needs `subscribe`.
   */
  readonly presence?: (
    asked: Asked<Parameters> & { readonly meta: unknown },
  ) => Answer<false | Denied | Identity<Meta>>
}

/** Who a client is among the members of a topic. */
export interface Identity<Meta = unknown> {
  readonly key: string
  readonly meta: Meta
  /**
   * Reserves the key, over all processes: a client with another holder is refused with the reason
   * `taken`. 1 to 255 bytes, such as `client.id`, or a secret of the browser tab that a reload
   * keeps. Give it for every member of a topic, or for none.
   *
   * @defaultValue absent: clients with the same key are one member
   */
  readonly holder?: string
}

/** Permissions whose types are not known to the compiler. */
export type AnyPermissions = TopicPermissions<Readonly<Record<string, string>>, unknown, unknown>

/** The kind and the parameters of a name, with the permissions of the kind. */
export interface AllowedTopic {
  readonly kind: AnyTopicKind
  readonly parameters: Readonly<Record<string, string>>
  readonly permissions: AnyPermissions
}

/** The permissions of one process. */
export class Permissions {
  readonly #kinds: KindRegistry
  readonly #allowed = new Map<AnyTopicKind, AnyPermissions>()

  constructor(kinds: KindRegistry) {
    this.#kinds = kinds
  }

  /** See `Topics.allow`. */
  allow(kind: AnyTopicKind, permissions: AnyPermissions): void {
    requireKind('allow topics', kind)
    const act = `allow topics of "${kind.pattern}"`
    requireObject(act, 'what is allowed', permissions)
    requireKnownNames(act, permissions, ['subscribe', 'publish', 'presence'])
    for (const [name, value] of Object.entries(permissions)) {
      if (value !== undefined) requireFunction(act, `"${name}"`, value)
    }
    // Otherwise the first client that joins would find the mistake.
    if (permissions.presence !== undefined && kind.presence === null) {
      throw new TypeError(
        `Cannot ${act}: "presence" is given, and the kind has none, expected defineTopic(…, { presence: {} })`,
      )
    }
    if (this.#allowed.has(kind)) {
      throw new TypeError(`Cannot ${act}: it has been said before, expected one call for each kind`)
    }
    this.#kinds.add(kind)
    this.#allowed.set(kind, permissions)
  }

  /** `null` when no client may do anything with a topic of that name. */
  find(name: string): AllowedTopic | null {
    const known = this.#kinds.find(name)
    const permissions = known === null ? undefined : this.#allowed.get(known.kind)
    return known === null || permissions === undefined ? null : { ...known, permissions }
  }
}

/** The decision of a verdict. */
export type Decision =
  | { readonly isAllowed: true; readonly until: Date | null }
  | { readonly isAllowed: false; readonly denied: Denied | null }

/** @throws {TypeError} for any other value, so that nothing is allowed by mistake. */
export function decide(verdict: Verdict): Decision {
  if (verdict === true) return { isAllowed: true, until: null }
  if (verdict === false) return { isAllowed: false, denied: null }
  if (verdict instanceof Denied) return { isAllowed: false, denied: verdict }
  if (typeof verdict === 'object' && verdict !== null && verdict.until instanceof Date) {
    // Nothing ever happens at an invalid date: the permission would not end.
    if (!Number.isNaN(verdict.until.getTime())) return { isAllowed: true, until: verdict.until }
    throw new TypeError('Cannot decide: "until" is an invalid date, expected a valid one')
  }
  throw new TypeError(
    `Cannot decide: the permission is ${kindOf(verdict)}, expected true, false, a Denied or { until }`,
  )
}
