/**
 * The patterns of kinds of topics: `rooms/:room`, with parameters that are typed from the pattern.
 */

import { quoteName } from '../../base/internal.ts'
import { TopicNameError } from '../errors.ts'
import { checkTopicName, problemOf } from './topic-name.ts'

/** The parameters of a pattern: one string for each `:name`. */
export type TopicParameters<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParameterNames<Pattern>]: string }

type ParameterNames<Pattern extends string> = Pattern extends `${infer First}/${infer Rest}`
  ? ParameterNames<First> | ParameterNames<Rest>
  : Pattern extends `:${infer Name}`
    ? Name
    : never

interface Segment {
  readonly text: string
  readonly isParameter: boolean
}

const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Wildcards of brokers and of other libraries. A subscription has one topic. */
const WILDCARDS: ReadonlySet<string> = new Set(['*', '**', '+', '#', '>'])

/** A pattern that has been checked. */
export class TopicPattern {
  readonly text: string
  readonly #segments: readonly Segment[]

  /** @throws {TypeError} for a pattern that no name can match. */
  constructor(text: string) {
    this.text = text
    this.#segments = parse(text)
  }

  /**
   * The name of the topic with these parameters.
   *
   * @throws {TypeError} for parameters that are missing or unknown; {TopicNameError} for a value
   *   that cannot be a segment of a name.
   */
  format(parameters: Readonly<Record<string, string>>): string {
    const segments = this.#segments.map(({ text, isParameter }) =>
      isParameter ? this.#segmentOf(text, parameters) : text,
    )
    const known = this.#segments.filter(({ isParameter }) => isParameter).length
    if (Object.keys(parameters).length > known) {
      throw new TypeError(
        `Cannot name a topic of ${quoteName(this.text)}: there are unknown parameters`,
      )
    }
    return checkTopicName(segments.join('/'))
  }

  /** Returns the parameters that `name` has; `null` if it does not match. */
  match(name: string): Record<string, string> | null {
    const parts = name.split('/')
    if (parts.length !== this.#segments.length) return null
    const parameters: Record<string, string> = {}
    for (const [index, { text, isParameter }] of this.#segments.entries()) {
      const part = parts[index] ?? ''
      if (isParameter) parameters[text] = part
      else if (text !== part) return null
    }
    return parameters
  }

  /** Whether a name exists that both patterns match. */
  overlaps(other: TopicPattern): boolean {
    if (this.#segments.length !== other.#segments.length) return false
    return this.#segments.every((segment, index) => {
      const counterpart = other.#segments[index]
      return segment.isParameter || counterpart?.isParameter || segment.text === counterpart?.text
    })
  }

  #segmentOf(name: string, parameters: Readonly<Record<string, string>>): string {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (typeof value !== 'string') {
      throw new TypeError(
        `Cannot name a topic of ${quoteName(this.text)}: parameter ${quoteName(name)} is missing, expected a string`,
      )
    }
    // Otherwise `{ room: 'a/b' }` would be a topic of another kind.
    if (value.includes('/')) {
      throw new TopicNameError(
        value,
        `parameter ${quoteName(name)} has a slash, expected one segment`,
      )
    }
    return value
  }
}

function parse(text: string): Segment[] {
  const problem = problemOf(text)
  if (problem !== null) throw new TypeError(`Cannot use the pattern of a topic: ${problem}`)
  const seen = new Set<string>()
  return text.split('/').map((segment) => {
    if (!segment.startsWith(':')) {
      requireLiteral(text, segment)
      return { text: segment, isParameter: false }
    }
    const name = segment.slice(1)
    if (!PARAMETER_NAME.test(name) || name === '__proto__' || seen.has(name)) {
      throw new TypeError(
        `Cannot use the pattern ${quoteName(text)}: ":${name}" is invalid, expected a name that occurs once`,
      )
    }
    seen.add(name)
    return { text: name, isParameter: true }
  })
}

/** Refuses a segment that other libraries do not take literally: `{name}`, and a wildcard. */
function requireLiteral(pattern: string, segment: string): void {
  const captured = /\{\W*(\w*)[^}]*\}/.exec(segment)?.[1]
  if (captured === undefined && !WILDCARDS.has(segment)) return
  const expected =
    captured === undefined ? 'a parameter, such as ":name"' : `":${captured || 'name'}"`
  throw new TypeError(
    `Cannot use the pattern "${pattern}": "${segment}" is invalid, expected ${expected}`,
  )
}
