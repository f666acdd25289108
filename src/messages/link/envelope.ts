/**
 * The fields of a message beside its data, checked: what a peer may have made up ends here.
 */

import type { Issue } from '../../schema/index.ts'

/** One message, as the codec has decoded it. `data` is not checked here. */
export interface Envelope {
  readonly type: string
  readonly data: unknown
  /** `null`: an event. */
  readonly id: number | null
  /** Time left, in milliseconds; `null`: no limit. */
  readonly timeout: number | null
  /** `null`: absent. */
  readonly credit: number | null
  /** Of `.credit`. */
  readonly items: number | null
  /** Of `.error`. */
  readonly code: string | null
  readonly issues: readonly Issue[] | undefined
}

/** No message says more of one failure. */
const MAX_ISSUES = 10
const MAX_CODE_LENGTH = 64
const MAX_NUMBER = 2 ** 31 - 1

/** Reads a decoded value. @returns `null` if it is no envelope. */
export function readEnvelope(value: unknown): Envelope | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // Absent fields are `undefined`: a decoded object has no prototype with members of these names.
  const fields = value as Readonly<Record<keyof Envelope, unknown>>
  const { type, id, timeout, credit, items, code } = fields
  if (typeof type !== 'string') return null
  if (id !== undefined && !isNumber(id, 1, Number.MAX_SAFE_INTEGER)) return null
  if (timeout !== undefined && !isNumber(timeout, 0, Number.MAX_SAFE_INTEGER)) return null
  if (credit !== undefined && !isNumber(credit, 0, MAX_NUMBER)) return null
  if (items !== undefined && !isNumber(items, 1, MAX_NUMBER)) return null
  if (code !== undefined && !(typeof code === 'string' && code.length <= MAX_CODE_LENGTH)) {
    return null
  }
  return {
    type,
    data: fields.data,
    id: id ?? null,
    timeout: timeout === undefined ? null : Math.min(timeout, MAX_NUMBER),
    credit: credit ?? null,
    items: items ?? null,
    code: code ?? null,
    issues: Array.isArray(fields.issues)
      ? fields.issues.slice(0, MAX_ISSUES).filter(isIssue)
      : undefined,
  }
}

/** A whole number in a range; a codec may give others. */
function isNumber(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
}

function isIssue(value: unknown): value is Issue {
  return (
    typeof value === 'object' &&
    value !== null &&
    'message' in value &&
    typeof value.message === 'string' &&
    'path' in value &&
    Array.isArray(value.path)
  )
}
