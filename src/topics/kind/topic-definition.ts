/**
 * What a kind of topics is defined with: the options of `defineTopic`, and their checks.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Duration } from '../../base/index.ts'
import {
  readChoice,
  readDuration,
  readWholeNumber,
  requireFunction,
  requireKnownNames,
  requireObject,
} from '../../base/internal.ts'

/** What a subscriber gets that is slower than its topic. */
export type Lagging = 'replay' | 'latest' | 'skip' | 'close'

/** How much of a topic is kept. */
export interface HistoryOptions {
  /** How many of the newest events are kept at least: 1 to 100 000. */
  readonly size: number
  /** How long an event is kept at least: 60 seconds or above. */
  readonly age: Duration
}

/** The presence of a topic. */
export interface PresenceOptions<Meta extends StandardSchemaV1 = StandardSchemaV1> {
  /** The schema of what members say about themselves. @defaultValue any JSON value */
  readonly meta?: Meta
  /**
   * How many members are listed one by one, 1 to 10 000. With more members, or more than 512 KiB
   * of them in JSON, there is a count and a sample.
   *
   * @defaultValue 1000
   */
  readonly listed?: number
}

/** Options of `defineTopic`. */
export interface TopicDefinition<
  Event extends StandardSchemaV1 = StandardSchemaV1,
  Meta extends StandardSchemaV1 = StandardSchemaV1,
> {
  /**
   * The schema of events, of any library that implements Standard Schema. What it returns is
   * stored, and has to be a JSON value or bytes. @defaultValue none: JSON values and bytes as they
   * are
   */
  readonly event?: Event
  /** How much is kept. `null`: nothing, and events have no offset. @defaultValue null */
  readonly history?: HistoryOptions | null
  /** Absent or `null`: the topic has no presence. @defaultValue null */
  readonly presence?: PresenceOptions<Meta> | null
  /**
   * What a subscriber gets that is slower than the topic. `replay`: the events it missed are
   * read from the log. `latest`: the newest event of each key, and `skipped` with a count. `skip`:
   * a gap up to the newest event. `close`: its session is closed with 4101 `Too slow`. Without
   * history only `skip` and `close` are possible.
   *
   * @defaultValue 'replay' with history, 'skip' without
   */
  readonly lagging?: Lagging
  /**
   * The key of an event, for `latest`; `null` for none. A stored event that it throws for has the
   * key of its publish. @defaultValue the key that `publish` is given
   */
  readonly key?: (event: StandardSchemaV1.InferOutput<Event>) => string | null
}

/** The history of a kind, checked. */
export interface History {
  readonly size: number
  readonly ageMs: number
}

/** A definition, checked. */
export interface CheckedDefinition {
  readonly event: StandardSchemaV1 | null
  readonly history: History | null
  readonly presence: { readonly meta: StandardSchemaV1 | null; readonly listed: number } | null
  readonly lagging: Lagging
}

const OPTION_NAMES = ['event', 'history', 'presence', 'lagging', 'key'] as const
const LAGGINGS: readonly Lagging[] = ['replay', 'latest', 'skip', 'close']
const MIN_AGE_MS = 60_000
const MAX_SIZE = 100_000
const MAX_LISTED = 10_000
const DEFAULT_LISTED = 1000

/** Checks the options. @throws {TypeError | RangeError} */
export function readDefinition<Event extends StandardSchemaV1, Meta extends StandardSchemaV1>(
  act: string,
  definition: TopicDefinition<Event, Meta>,
): CheckedDefinition {
  requireObject(act, 'the definition', definition)
  requireKnownNames(act, definition, OPTION_NAMES)
  const { event, presence, key } = definition
  if (event !== undefined) requireSchema(act, 'event', event)
  if (key !== undefined) requireFunction(act, 'option "key"', key)
  const history = readHistory(act, definition.history ?? null)
  return {
    event: event ?? null,
    history,
    presence: readPresence(act, presence ?? null),
    lagging: readLagging(act, definition.lagging, history),
  }
}

function readHistory(act: string, history: HistoryOptions | null): History | null {
  if (history === null) return null
  requireObject(act, 'option "history"', history)
  requireKnownNames(act, history, ['size', 'age'], 'history.')
  if (history.size === undefined || history.age === undefined) {
    throw new TypeError(`Cannot ${act}: option "history" is incomplete, expected { size, age }`)
  }
  const size = readAtMost(act, 'history.size', history.size, 1, MAX_SIZE)
  const ageMs = readDuration(act, 'history.age', history.age, MIN_AGE_MS)
  if (ageMs < MIN_AGE_MS) {
    throw new RangeError(
      `Cannot ${act}: option "history.age" is ${ageMs} ms, expected 60 s or more`,
    )
  }
  return { size, ageMs }
}

function readPresence(
  act: string,
  presence: PresenceOptions | null,
): CheckedDefinition['presence'] {
  if (presence === null) return null
  requireObject(act, 'option "presence"', presence)
  requireKnownNames(act, presence, ['meta', 'listed'], 'presence.')
  if (presence.meta !== undefined) requireSchema(act, 'presence.meta', presence.meta)
  const listed = readAtMost(act, 'presence.listed', presence.listed, DEFAULT_LISTED, MAX_LISTED)
  return { meta: presence.meta ?? null, listed }
}

function readLagging(act: string, lagging: Lagging | undefined, history: History | null): Lagging {
  const read = readChoice(act, 'lagging', lagging, history === null ? 'skip' : 'replay', LAGGINGS)
  if (history !== null || read === 'skip' || read === 'close') return read
  throw new TypeError(
    `Cannot ${act}: option "lagging" is "${read}" without history, expected "skip" or "close"`,
  )
}

function readAtMost(
  act: string,
  name: string,
  value: number | undefined,
  fallback: number,
  max: number,
): number {
  const read = readWholeNumber(act, name, value, fallback, { min: 1 })
  if (read <= max) return read
  throw new RangeError(`Cannot ${act}: option "${name}" is ${read}, expected ${max} at most`)
}

function requireSchema(act: string, name: string, schema: StandardSchemaV1): void {
  // Schemas of some libraries are functions.
  const isObject = (typeof schema === 'object' || typeof schema === 'function') && schema !== null
  if (isObject && typeof schema['~standard']?.validate === 'function') return
  throw new TypeError(
    `Cannot ${act}: option "${name}" is no schema, expected one that implements Standard Schema`,
  )
}
