/**
 * The check, by the compiler, that what travels under a contract is JSON (unless its codecs are
 * binary).
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ContractShape, ErrorSchemas } from './contract-shape.ts'

/** `T` with `never` in the place of each part that JSON does not have. */
export type Jsonified<T> = T extends
  | bigint
  | symbol
  | Date
  | RegExp
  | ArrayBufferLike
  | ArrayBufferView
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ((...values: never[]) => unknown)
  ? never
  : T extends object
    ? { [K in keyof T]: Jsonified<T[K]> }
    : T

/** What takes the place of an entry that cannot travel: the compiler shows it. */
export interface NotJson<Part extends string> {
  readonly cannotTravelAsJson: Part
}

/** Whether all codecs of a contract are binary. */
type IsBinary<C extends ContractShape> = C extends { readonly codecs: readonly (infer Name)[] }
  ? 'json' extends Name
    ? false
    : true
  : false

/**
 * What travels of a schema: a client sends what it was given, a server what its schema made of
 * that.
 */
type Travels<S extends StandardSchemaV1, Sender> = Sender extends 'client'
  ? StandardSchemaV1.InferInput<S>
  : StandardSchemaV1.InferOutput<S>

type IsJson<T> = [T] extends [Jsonified<T>] ? true : false

/**
 * `true` if the schema at `Part` is absent, `null`, or of JSON; the items of a stream may be bytes.
 */
type PartIsJson<Entry, Part extends string, Sender> = Entry extends {
  readonly [P in Part]: infer S extends StandardSchemaV1
}
  ? Part extends 'stream' | 'upload'
    ? Travels<S, Sender> extends Uint8Array
      ? true
      : IsJson<Travels<S, Sender>>
    : IsJson<Travels<S, Sender>>
  : true

type Other<Sender> = Sender extends 'client' ? 'server' : 'client'

type ErrorsAreJson<Entry, Sender> = Entry extends { readonly errors: infer E extends ErrorSchemas }
  ? false extends {
      [K in keyof E]: E[K] extends StandardSchemaV1 ? IsJson<Travels<E[K], Sender>> : true
    }[keyof E]
    ? false
    : true
  : true

type CheckedEntry<Entry, Sender> =
  PartIsJson<Entry, 'event', Sender> extends false
    ? NotJson<'event'>
    : PartIsJson<Entry, 'request', Sender> extends false
      ? NotJson<'request'>
      : PartIsJson<Entry, 'upload', Sender> extends false
        ? NotJson<'upload'>
        : PartIsJson<Entry, 'response', Other<Sender>> extends false
          ? NotJson<'response'>
          : PartIsJson<Entry, 'stream', Other<Sender>> extends false
            ? NotJson<'stream'>
            : ErrorsAreJson<Entry, Other<Sender>> extends false
              ? NotJson<'errors'>
              : unknown

type CheckedEntries<E, Sender> = { readonly [K in keyof E]: CheckedEntry<E[K], Sender> }

/**
 * What `defineContract` demands of a shape beside `ContractShape`: nothing, or JSON where something
 * travels.
 */
export type CheckedShape<C extends ContractShape> =
  IsBinary<C> extends true
    ? unknown
    : (C extends { readonly client: infer E }
        ? { readonly client: CheckedEntries<E, 'client'> }
        : unknown) &
        (C extends { readonly server: infer E }
          ? { readonly server: CheckedEntries<E, 'server'> }
          : unknown)
