/**
 * What follows from a contract for each side: the names it may send, and the types of what it
 * sends and receives.
 *
 * `Input` is what a sender gives, `Output` what a receiver gets.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type {
  ContractShape,
  Entries,
  ErrorSchemas,
  EventEntry,
  RequestEntry,
} from './contract-shape.ts'
import type { BuiltinFailure } from './errors.ts'

/** A side of a session, as `client` and `server` of a contract. */
export type Side = 'client' | 'server'

/** The side at the other end. */
export type OtherSide<S extends Side> = S extends 'client' ? 'server' : 'client'

// Nothing can be read of it and nothing given: the entries of a side that sends nothing.
type NoEntries = Readonly<Record<never, never>>

/** The entries that side `S` sends. */
export type Sent<C extends ContractShape, S extends Side> = C extends {
  readonly [P in S]: infer E extends Entries
}
  ? E
  : NoEntries

type NamesOf<E, Wanted> = { [K in keyof E]: E[K] extends Wanted ? K : never }[keyof E] & string

/** The events that side `S` sends. */
export type EventName<C extends ContractShape, S extends Side> = NamesOf<Sent<C, S>, EventEntry>

/** The requests of side `S` that are answered with one value. */
export type RequestName<C extends ContractShape, S extends Side> = Exclude<
  NamesOf<Sent<C, S>, RequestEntry>,
  StreamName<C, S>
>

/** The requests of side `S` that are answered with a stream. */
export type StreamName<C extends ContractShape, S extends Side> = NamesOf<
  Sent<C, S>,
  { readonly stream: StandardSchemaV1 }
>

type SchemaAt<Entry, Part extends string> = Entry extends {
  readonly [P in Part]: infer Schema extends StandardSchemaV1
}
  ? Schema
  : null

/** What a sender gives; `undefined` where there is no schema. */
export type InputOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<Schema>
  : undefined

/** What a receiver gets; `undefined` where there is no schema. */
export type OutputOf<Schema> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : undefined

/** What is given to send event `K`. */
export type EventInput<
  C extends ContractShape,
  S extends Side,
  K extends keyof Sent<C, S>,
> = InputOf<SchemaAt<Sent<C, S>[K], 'event'>>

/** What is given to ask request `K`. */
export type RequestInput<
  C extends ContractShape,
  S extends Side,
  K extends keyof Sent<C, S>,
> = InputOf<SchemaAt<Sent<C, S>[K], 'request'>>

/** What request `K` is answered with. */
export type ResponseOutput<
  C extends ContractShape,
  S extends Side,
  K extends keyof Sent<C, S>,
> = OutputOf<SchemaAt<Sent<C, S>[K], 'response'>>

/** The items that request `K` is answered with. */
export type ItemOutput<
  C extends ContractShape,
  S extends Side,
  K extends keyof Sent<C, S>,
> = OutputOf<SchemaAt<Sent<C, S>[K], 'stream'>>

/** The option that request `K` needs if it has an upload. */
export type UploadOf<C extends ContractShape, S extends Side, K extends keyof Sent<C, S>> =
  SchemaAt<Sent<C, S>[K], 'upload'> extends infer Schema extends StandardSchemaV1
    ? {
        /** The items to send. The next one is asked for when the peer has room for it. */
        readonly upload:
          | AsyncIterable<StandardSchemaV1.InferInput<Schema>>
          | Iterable<StandardSchemaV1.InferInput<Schema>>
      }
    : unknown

type ErrorsAt<Entry> = Entry extends { readonly errors: infer E extends ErrorSchemas } ? E : unknown

/** The declared failures of an entry and of its contract. */
export type FailuresOf<C extends ContractShape, Entry> = ErrorsAt<C> & ErrorsAt<Entry>

type FailedWith<Failures> = {
  [F in keyof Failures & string]: {
    readonly type: 'failed'
    readonly failure: F
    readonly data: OutputOf<Failures[F]>
  }
}[keyof Failures & string]

/**
 * What `requestCatching` resolves with: one member for each declared failure, one for the others.
 */
export type Settled<C extends ContractShape, S extends Side, K extends keyof Sent<C, S>> =
  | { readonly type: 'value'; readonly value: ResponseOutput<C, S, K> }
  | FailedWith<FailuresOf<C, Sent<C, S>[K]>>
  | { readonly type: 'failed'; readonly failure: BuiltinFailure; readonly data: undefined }

// Asked this way round, a schema of many types need not be compared with the interface in depth.
type FailureData<Schema> = Schema extends { readonly '~standard': { readonly types?: infer Types } }
  ? [data: NonNullable<Types> extends { readonly input: infer Input } ? Input : never]
  : []

/** The second argument of a request's handler. Its members may be taken off it. */
export interface Asked<Failures, Upload> {
  /**
   * Fires when the answer is not wanted any more: cancelled, its time is up, or the session is
   * over.
   */
  readonly signal: AbortSignal
  /** The items of the side that asks; `undefined` for a request without an upload. */
  readonly upload: Upload
  /** Makes an error to throw: the request is then answered with that failure and that data. */
  readonly error: <F extends keyof Failures & string>(
    failure: F,
    ...data: FailureData<Failures[F]>
  ) => Error
}

type UploadItems<Entry> =
  SchemaAt<Entry, 'upload'> extends infer Schema extends StandardSchemaV1
    ? AsyncIterable<StandardSchemaV1.InferOutput<Schema>>
    : undefined

// A handler without a return value may be written as one that returns nothing.
type Answer<Schema> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Schema> : void

type StreamAnswer<Entry> =
  | AsyncGenerator<InputOf<SchemaAt<Entry, 'stream'>>, Answer<SchemaAt<Entry, 'response'>>, unknown>
  | Generator<InputOf<SchemaAt<Entry, 'stream'>>, Answer<SchemaAt<Entry, 'response'>>, unknown>
  // Of iterables that are no generators the value at the end is not known.
  | (SchemaAt<Entry, 'response'> extends StandardSchemaV1
      ? never
      : | AsyncIterable<InputOf<SchemaAt<Entry, 'stream'>>>
        | Iterable<InputOf<SchemaAt<Entry, 'stream'>>>)

type HandlerOf<C extends ContractShape, Entry> = Entry extends {
  readonly event: infer Schema extends StandardSchemaV1
}
  ? (data: StandardSchemaV1.InferOutput<Schema>) => unknown
  : (
      data: OutputOf<SchemaAt<Entry, 'request'>>,
      asked: Asked<FailuresOf<C, Entry>, UploadItems<Entry>>,
    ) => Entry extends { readonly stream: StandardSchemaV1 }
      ? StreamAnswer<Entry>
      : Answer<SchemaAt<Entry, 'response'>> | Promise<Answer<SchemaAt<Entry, 'response'>>>

/** One handler for each entry of the other side. */
export type Handlers<C extends ContractShape, S extends Side> = {
  readonly [K in keyof Sent<C, OtherSide<S>> & string]: HandlerOf<C, Sent<C, OtherSide<S>>[K]>
}

/** An event of the other side. */
export interface IncomingEvent<Type extends string, Data> {
  readonly type: Type
  readonly data: Data
}

/** A request of the other side. Each needs one answer: `respond` or `fail`. */
export interface IncomingRequest<Type extends string, Data, Upload, Response, Failures> {
  readonly type: Type
  readonly data: Data
  /** See `Asked.signal`. */
  readonly signal: AbortSignal
  /** See `Asked.upload`. */
  readonly upload: Upload
  /**
   * Answers: with the value, or for a stream with the items. Resolves when the answer is in the
   * queue of the session, or is not wanted any more; never rejects. A value that does not match
   * its schema is answered with `FAILED` and logged.
   */
  readonly respond: (response: Response) => Promise<void>
  /** Answers with a declared failure. Otherwise as `respond`. */
  readonly fail: <F extends keyof Failures & string>(
    failure: F,
    ...data: FailureData<Failures[F]>
  ) => Promise<void>
}

type IncomingOf<C extends ContractShape, Type extends string, Entry> = Entry extends {
  readonly event: infer Schema extends StandardSchemaV1
}
  ? IncomingEvent<Type, StandardSchemaV1.InferOutput<Schema>>
  : IncomingRequest<
      Type,
      OutputOf<SchemaAt<Entry, 'request'>>,
      UploadItems<Entry>,
      Entry extends { readonly stream: StandardSchemaV1 }
        ? StreamAnswer<Entry>
        : Answer<SchemaAt<Entry, 'response'>>,
      FailuresOf<C, Entry>
    >

/** What side `S` receives: a union by `type`. */
export type Incoming<C extends ContractShape, S extends Side> = {
  [K in keyof Sent<C, OtherSide<S>> & string]: IncomingOf<C, K, Sent<C, OtherSide<S>>[K]>
}[keyof Sent<C, OtherSide<S>> & string]
