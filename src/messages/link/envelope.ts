/**
 * Checks the fields of a message beside its data. The peer may send any value.
 */

import type { Issue } from '../../schema/index.ts'

/** One message, as the codec has decoded it. `data` and `issues` are not checked here. */
export interface Envelope {
  readonly type: string
  readonly data?: unknown
  /** Absent: an event. */
  readonly id?: number
  /** Time left, in milliseconds; absent: no limit. */
  readonly timeout?: number
  readonly credit?: number
  /** Of `.credit`. */
  readonly items?: number
  /** Of `.error`. */
  readonly code?: string
  /** Of a request: the context of its trace, such as the `traceparent` of W3C. */
  readonly trace?: string
  /** See `issuesOf`. */
  readonly issues?: unknown
}

/** The most issues that one message has. */
const MAX_ISSUES = 10
const MAX_CODE_LENGTH = 64
const MAX_TRACE_LENGTH = 128
const MAX_COUNT = 2 ** 31 - 1
/** Items of bytes under a text codec have 4 bytes for the id of their request. */
const MAX_ID = 2 ** 32 - 1

/** Checks a decoded value, and returns it. @returns `null` if it is no envelope. */
export function readEnvelope(value: unknown): Envelope | null {
  if (typeof value !== 'object' || value === null) return null
  // Absent fields are `undefined`: no prototype of a decoded value has members of these names.
  const fields = value as Envelope
  return typeof fields.type === 'string' &&
    isCount(fields.id, 1, MAX_ID) &&
    isCount(fields.timeout, 0, Number.MAX_SAFE_INTEGER) &&
    isCount(fields.credit, 0, MAX_COUNT) &&
    isCount(fields.items, 1, MAX_COUNT) &&
    isText(fields.code, MAX_CODE_LENGTH) &&
    isText(fields.trace, MAX_TRACE_LENGTH)
    ? fields
    : null
}

/** The issues of an `.error`, as far as they are some; `undefined`: there are none. */
export function issuesOf({ issues }: Envelope): readonly Issue[] | undefined {
  return Array.isArray(issues) ? issues.slice(0, MAX_ISSUES).filter(isIssue) : undefined
}

/** Whether it is absent, or a string of at most `max` characters. */
function isText(value: unknown, max: number): boolean {
  return value === undefined || (typeof value === 'string' && value.length <= max)
}

/** Whether it is absent, or a whole number in a range; a codec may give others. */
function isCount(value: unknown, min: number, max: number): boolean {
  return (
    value === undefined ||
    (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
  )
}

function isIssue(value: unknown): value is Issue {
  const { message, path } = Object(value) as Partial<Issue> // any value has these, or `undefined`
  return typeof message === 'string' && Array.isArray(path) && path.every(isKey)
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' || typeof key === 'number'
}
