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
 * Keys named `__proto__` in received objects are dropped.
 */
export const json: Codec = {
  name: 'json',
  frame: 'text',
  encode(value) {
    requireJson(value)
    return JSON.stringify(value)
  },
  decode(data) {
    if (typeof data !== 'string') throw new TypeError('Cannot decode bytes as JSON')
    const value: unknown = JSON.parse(data)
    // A text has no such key unless it has one of the two; the second may stand for any character.
    if (data.includes('__') || data.includes('\\u')) dropPrototypeKeys(value)
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

function dropPrototypeKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Reflect.deleteProperty(value, '__proto__')
  for (const each of Object.values(value)) dropPrototypeKeys(each)
}

/** @throws {TypeError} for a value with a part that would be another after its trip. */
function requireJson(value: unknown): void {
  if (typeof value === 'bigint' || typeof value === 'function') refuse(`a ${typeof value}`)
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const each of value) requireJson(each)
    return
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) requireNoOtherForm(value)
  for (const key in value) requireJson(value[key as keyof typeof value])
}

function requireNoOtherForm(value: object): void {
  if (ArrayBuffer.isView(value)) refuse('bytes')
  // `Date` is the best known of those that JSON turns into something else.
  const hasOtherForm = 'toJSON' in value && typeof value.toJSON === 'function'
  if (hasOtherForm || value instanceof Map || value instanceof Set) {
    refuse(`a ${value.constructor.name}`)
  }
}

function refuse(what: string): never {
  throw new TypeError(`Cannot send ${what} as JSON, expected JSON values or a binary codec`)
}
