/**
 * Validation by Standard Schema, for the folders that take schemas: messages and topics.
 */

export { isPromise, isStandardSchema, validateWith } from './standard-schema.ts'
export type { Issue, Validated } from './standard-schema.ts'
