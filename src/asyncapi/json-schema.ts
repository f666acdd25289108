/**
 * Standard Schema as JSON Schema.
 */

import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { isPromise, validateWith } from '../schema/index.ts'

/** A JSON Schema (draft 7, which AsyncAPI 3 has by default). */
export type JsonSchema = Readonly<Record<string, unknown>>

/**
 * Converts a schema.
 *
 * @param place where it stands in the contract, for the message.
 * @throws {TypeError} if the schema does not convert.
 */
export function jsonSchemaOf(
  place: string,
  schema: StandardSchemaV1,
  direction: 'input' | 'output',
): JsonSchema {
  const standard: StandardSchemaV1['~standard'] & Partial<StandardJSONSchemaV1['~standard']> =
    schema['~standard']
  const { jsonSchema, vendor } = standard
  if (jsonSchema === undefined) {
    const remedy =
      vendor === 'valibot'
        ? 'expected toStandardJsonSchema() of @valibot/to-json-schema around it'
        : 'expected a library that implements Standard JSON Schema'
    throw new TypeError(`Cannot describe ${place}: its schema has no JSON Schema, ${remedy}`)
  }
  try {
    const { $schema: _, ...converted } = jsonSchema[direction]({ target: 'draft-07' })
    return converted
  } catch (cause) {
    throw new TypeError(
      `Cannot describe ${place}: its schema cannot be expressed as JSON Schema, expected JSON types`,
      { cause },
    )
  }
}

/**
 * Whether a value of the schema may be `undefined`, which JSON Schema does not say of a root.
 * `false` for a schema that validates asynchronously.
 */
export function mayBeAbsent(schema: StandardSchemaV1, direction: 'input' | 'output'): boolean {
  try {
    const validated = validateWith(schema, undefined)
    if (isPromise(validated)) {
      validated.catch(() => {}) // its failure says no more
      return false
    }
    if (validated.issues !== null) return false
    return direction === 'input' || validated.value === undefined
  } catch {
    return false
  }
}
