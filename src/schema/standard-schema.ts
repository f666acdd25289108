/**
 * Validation by Standard Schema (https://standardschema.dev, version 1): the one place that calls a
 * schema.
 *
 * Messages and topics use it. Zod, Valibot and ArkType implement the interface; no library is
 * imported.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'

/** One reason why a value is invalid. It never holds the value itself. */
export interface Issue {
  /** Keys and indexes from the root of the value to the invalid part; empty for the root itself. */
  readonly path: ReadonlyArray<string | number>
  /** The sentence of the schema library, at most 200 characters. */
  readonly message: string
}

/**
 * The outcome of one validation. `issues` is `null` if the value is valid, and never empty
 * otherwise.
 */
export type Validated =
  | { readonly issues: null; readonly value: unknown }
  | { readonly issues: readonly Issue[] }

/** How many issues are kept of one validation: what a peer can make us write is bounded. */
const MAX_ISSUES = 10
const MAX_MESSAGE_LENGTH = 200
const MAX_PATH_LENGTH = 32

/**
 * Validates `value`. The answer is a promise only if the schema validates asynchronously.
 *
 * @throws (or rejects with) what the schema throws, and a `TypeError` if its answer is no result.
 */
export function validateWith(
  schema: StandardSchemaV1,
  value: unknown,
): Validated | Promise<Validated> {
  const standard = schema['~standard']
  const result: unknown = standard.validate(value)
  return isPromise(result)
    ? Promise.resolve(result).then((settled) => readResult(settled, standard.vendor))
    : readResult(result, standard.vendor)
}

/**
 * Whether `value` is valid, for callers that do not report why it is not. It is much less code in a
 * page than `validateWith`. The answer is a promise only if the schema validates asynchronously.
 *
 * @throws (or rejects with) what the schema throws.
 */
export function isValid(schema: StandardSchemaV1, value: unknown): boolean | Promise<boolean> {
  const result = schema['~standard'].validate(value)
  return isPromise(result) ? Promise.resolve(result).then(hasNoIssues) : hasNoIssues(result)
}

function hasNoIssues({ issues }: StandardSchemaV1.Result<unknown>): boolean {
  return !issues?.length
}

/** Validates a value by one schema, as `validateWith`. */
export type Check = (value: unknown) => Validated | Promise<Validated>

/** Returns what validates by `schema`. */
export function checkOf(schema: StandardSchemaV1): Check {
  return (value) => validateWith(schema, value)
}

/** Whether `value` implements Standard Schema. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  // ArkType's schemas are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const standard: unknown = Reflect.get(value, '~standard')
  return (
    typeof standard === 'object' &&
    standard !== null &&
    'validate' in standard &&
    typeof standard.validate === 'function'
  )
}

/** Whether a validation has not finished yet. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

function readResult(result: unknown, vendor: string): Validated {
  if (typeof result === 'object' && result !== null) {
    const issues: unknown = 'issues' in result ? result.issues : undefined
    if (Array.isArray(issues) && issues.length > 0) return { issues: readIssues(issues, vendor) }
    // The specification: a result without issues has a value, and `issues` is falsy then.
    if (!issues && 'value' in result) return { issues: null, value: result.value }
  }
  throw new TypeError(
    'Cannot validate: the schema returned neither a value nor issues, expected a result of Standard Schema 1',
  )
}

function readIssues(issues: readonly unknown[], vendor: string): Issue[] {
  // ArkType's lists are subclasses of Array: `map` would make more of them.
  return Array.from(issues.slice(0, MAX_ISSUES), (issue) => {
    const { message, path } = Object(issue) as {
      readonly message?: unknown
      readonly path?: unknown
    } // any object has these
    return {
      path: Array.isArray(path) ? Array.from(path.slice(0, MAX_PATH_LENGTH), readKey) : [],
      message: withoutValue(typeof message === 'string' ? message : 'Invalid', vendor).slice(
        0,
        MAX_MESSAGE_LENGTH,
      ),
    }
  })
}

function readKey(segment: unknown): string | number {
  const key: unknown =
    typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment
  return typeof key === 'number' ? key : String(key)
}

/** Two libraries quote the invalid value at the end of their sentence. */
function withoutValue(message: string, vendor: string): string {
  if (vendor === 'valibot') return message.replace(/ but received .*$/s, '')
  return vendor === 'arktype' ? message.replace(/ \(was .*\)$/s, '') : message
}
