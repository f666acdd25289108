/**
 * Validation by Standard Schema, for the folders that take schemas: messages and topics.
 */

export { checkOf, isPromise, isStandardSchema, isValid, validateWith } from './standard-schema.ts'
export type { Check, Issue, Validated } from './standard-schema.ts'
