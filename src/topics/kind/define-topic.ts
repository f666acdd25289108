/**
 * Kinds of topics: what a topic is called, what its events are, and how long they are kept.
 *
 * A kind is a value that servers, jobs and pages share. Defining one does nothing.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import {
  type History,
  type Lagging,
  readDefinition,
  type TopicDefinition,
} from './topic-definition.ts'
import { type TopicParameters, TopicPattern } from './topic-pattern.ts'

/** A value that JSON can represent. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** An event of a kind without a schema: a JSON value, or bytes. */
export type EventData = JsonValue | Uint8Array

/**
 * A kind of topics.
 *
 * @typeParam Parameters what the pattern captures.
 * @typeParam Event what subscribers see.
 * @typeParam Input what publishers give.
 * @typeParam Meta what members say about themselves.
 */
export interface TopicKind<
  Parameters = Readonly<Record<string, string>>,
  Event = unknown,
  Input = Event,
  Meta = unknown,
> {
  /** The pattern that the kind was defined with. It names the kind in all processes. */
  readonly pattern: string
  readonly event: StandardSchemaV1<Input, Event> | null
  readonly history: History | null
  readonly presence: {
    readonly meta: StandardSchemaV1<unknown, Meta> | null
    readonly listed: number
  } | null
  readonly lagging: Lagging
  readonly key: ((event: Event) => string | null) | null
  /** The name of the topic with these parameters. @throws {TypeError | TopicNameError} */
  nameOf(parameters: Parameters): string
  /** Returns the parameters of `name`; `null` if no topic of this kind has that name. */
  match(name: string): Parameters | null
}

/** A kind whose types are not known to the compiler. */
// The types are used for input and for output, so that only `any` accepts every kind.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyTopicKind = TopicKind<any, any, any, any>

type EventOf<Schema> = Schema extends StandardSchemaV1
  ? unknown extends StandardSchemaV1.InferOutput<Schema>
    ? EventData
    : StandardSchemaV1.InferOutput<Schema>
  : EventData

type InputOf<Schema> = Schema extends StandardSchemaV1
  ? unknown extends StandardSchemaV1.InferInput<Schema>
    ? EventData
    : StandardSchemaV1.InferInput<Schema>
  : EventData

type MetaOf<Schema> = Schema extends StandardSchemaV1
  ? unknown extends StandardSchemaV1.InferOutput<Schema>
    ? JsonValue
    : StandardSchemaV1.InferOutput<Schema>
  : JsonValue

/**
 * Defines a kind of topics.
 *
 * @param pattern the names of its topics: segments between slashes. `:name` captures a segment.
 * @throws {TypeError | RangeError} for a pattern or an option that is invalid.
 *
 * @example
 * export const Room = defineTopic('rooms/:room', {
 *   history: { size: 200, age: minutes(10) },
 *   lagging: 'replay',
 * })
 */
export function defineTopic<
  const Pattern extends string,
  Event extends StandardSchemaV1 = StandardSchemaV1,
  Meta extends StandardSchemaV1 = StandardSchemaV1,
>(
  pattern: Pattern,
  definition: TopicDefinition<Event, Meta> = {},
): TopicKind<TopicParameters<Pattern>, EventOf<Event>, InputOf<Event>, MetaOf<Meta>> {
  const checked = new TopicPattern(pattern)
  const act = `define topic "${pattern}"`
  const facts = { ...readDefinition(act, definition), key: definition.key ?? null }
  const kind: AnyTopicKind = new DefinedKind(checked, facts)
  return Object.freeze(kind)
}

/** Whether a topic could be of both kinds. */
export function overlap(kind: AnyTopicKind, other: AnyTopicKind): boolean {
  if (!(kind instanceof DefinedKind) || !(other instanceof DefinedKind)) return false
  return kind.checked.overlaps(other.checked)
}

/** Makes sure that `kind` was made by `defineTopic`. */
export function requireKind(act: string, kind: AnyTopicKind): void {
  if (kind instanceof DefinedKind) return
  throw new TypeError(`Cannot ${act}: the kind is invalid, expected what defineTopic() returns`)
}

type KindFacts = Pick<AnyTopicKind, 'event' | 'history' | 'presence' | 'lagging' | 'key'>

class DefinedKind implements AnyTopicKind {
  readonly checked: TopicPattern
  readonly event: AnyTopicKind['event']
  readonly history: AnyTopicKind['history']
  readonly presence: AnyTopicKind['presence']
  readonly lagging: Lagging
  readonly key: AnyTopicKind['key']

  constructor(checked: TopicPattern, facts: KindFacts) {
    this.checked = checked
    this.event = facts.event
    this.history = facts.history
    this.presence = facts.presence
    this.lagging = facts.lagging
    this.key = facts.key
  }

  get pattern(): string {
    return this.checked.text
  }

  nameOf(parameters: Readonly<Record<string, string>>): string {
    return this.checked.format(parameters)
  }

  match(name: string): Readonly<Record<string, string>> | null {
    return this.checked.match(name)
  }
}
