/**
 * How a value becomes a message and back: the interface, and JSON.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'

/** A wire format. `towpath/msgpack` and `towpath/cbor` have others. */
export interface Codec {
  /** The part of the subprotocol behind `+`: `json`. */
  readonly name: string
  /** The kind of frame that carries its messages. */
  readonly frame: 'text' | 'binary'
  /** @throws for a value that the format does not have. */
  encode(value: unknown): string | Uint8Array
  /** @throws for data that is no value of the format. */
  decode(data: string | Uint8Array): unknown
}

/**
 * JSON in text frames. It refuses what JSON would change in silence: `Date`, `Map`, `Set`, bytes.
 * Of `__proto__` keys in received objects nothing is left.
 */
export const json: Codec = {
  name: 'json',
  frame: 'text',
  encode(value) {
    requireJson(value)
    return JSON.stringify(value)
  },
  decode(data) {
    if (typeof data !== 'string')
      throw new TypeError('Cannot decode bytes as JSON, expected a text')
    const value: unknown = JSON.parse(data)
    // Escaped or not; whether it is a key is seen in the value.
    if (/_|\\u005f/i.test(data) && PROTO.test(data)) dropPrototypeKeys(value)
    return value
  },
}

/** A schema of bytes. As the item of a stream or an upload it travels under every codec. */
export const bytes: StandardSchemaV1<Uint8Array> = {
  '~standard': {
    version: 1,
    vendor: 'towpath',
    validate: (value) =>
      value instanceof Uint8Array ? { value } : { issues: [{ message: 'Expected bytes' }] },
  },
}

const PROTO =
  /(?:_|\\u005f){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006f)(?:t|\\u0074)(?:o|\\u006f)(?:_|\\u005f){2}/i

function dropPrototypeKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Reflect.deleteProperty(value, '__proto__')
  for (const each of Object.values(value)) dropPrototypeKeys(each)
}

/** @throws {TypeError} for a value with a part that would be another after its trip. */
function requireJson(value: unknown): void {
  if (typeof value === 'bigint') refuse('a bigint')
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const each of value) requireJson(each)
    return
  }
  if (ArrayBuffer.isView(value)) refuse('bytes')
  // `Date` is the best known of those that JSON turns into something else.
  const hasOtherForm = 'toJSON' in value && typeof value.toJSON === 'function'
  if (hasOtherForm || value instanceof Map || value instanceof Set) {
    refuse(`a ${value.constructor.name}`)
  }
  for (const key in value) requireJson(value[key as keyof typeof value])
}

function refuse(what: string): never {
  throw new TypeError(`Cannot send ${what} as JSON, expected JSON values or a binary codec`)
}
