/**
 * JSON Schemas that refer to parts of themselves, in a document in which they are not the root:
 * what they refer to is put into `components.schemas`.
 */

import type { JsonSchema } from './json-schema.ts'

const SCHEMAS = '#/components/schemas/'
/** A definition by its name, and what is inside of it (draft 7, and later drafts). */
const DEFINITION = /^#\/(?:definitions|\$defs)\/([^/]+)(.*)$/s
/** Keywords whose values are no schemas. */
const DATA: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples'])

/** Collects what the schemas of one document refer to. */
export class SharedSchemas {
  /** By name. */
  readonly schemas: Record<string, JsonSchema> = {}
  readonly #names = new Set<string>()

  /**
   * Returns `schema` with references that are right anywhere in the document.
   *
   * @param place where the schema stands in the contract: it becomes a part of names.
   */
  embed(place: string, schema: JsonSchema): JsonSchema {
    const { definitions, $defs, ...root } = schema
    const name = this.#uniqueName(place)
    const named = new Map(
      [...entriesOf(definitions), ...entriesOf($defs)].map(([key, each]) => [
        key,
        { name: this.#uniqueName(`${name}.${key}`), schema: each },
      ]),
    )
    let refersToRoot = false
    const point = (reference: string): string => {
      const [, key = '', rest = ''] = DEFINITION.exec(reference) ?? []
      const definition = named.get(unescape(key))
      if (definition !== undefined) return SCHEMAS + definition.name + rest
      refersToRoot = true
      return SCHEMAS + name + reference.slice(1)
    }
    for (const definition of named.values()) {
      this.schemas[definition.name] = mapReferences(definition.schema, point) as JsonSchema
    }
    const mapped = mapReferences(root, point) as JsonSchema
    // A definition, too, may refer to the root.
    if (!refersToRoot) return mapped
    this.schemas[name] = mapped
    return { $ref: SCHEMAS + name }
  }

  /** A name of the characters that AsyncAPI allows, which no other place has. */
  #uniqueName(place: string): string {
    const tidied = place.replaceAll(/[^\w.-]/g, '_')
    let name = tidied
    for (let n = 2; this.#names.has(name); n++) name = `${tidied}_${n}`
    this.#names.add(name)
    return name
  }
}

function mapReferences(value: unknown, point: (reference: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each) => mapReferences(each, point))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, unknown]) => {
      if (key === '$ref' && typeof each === 'string' && each.startsWith('#')) {
        return [key, point(each)]
      }
      return [key, DATA.has(key) ? each : mapReferences(each, point)]
    }),
  )
}

function entriesOf(definitions: unknown): Array<[string, unknown]> {
  return Object.entries(Object(definitions) as object)
}

/** A key out of a JSON Pointer (RFC 6901 §6). */
function unescape(key: string): string {
  return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
}
