/**
 * What users see of typed messages in a page.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ContractShape, EventEntry } from '../contract-shape.ts'
import type { Sent } from '../message-types.ts'
import type { TypedConnection, TypedOptions, TypedSession } from '../typed-session.ts'
import type { FeatureName, PageFeature } from './features.ts'

/** The options of `typedPage` and `typedPageConnection`. */
export interface PageOptions<Name extends FeatureName = FeatureName> extends Pick<
  TypedOptions,
  'codecs' | 'requestTimeout' | 'maxRequests' | 'credit' | 'readAhead'
> {
  /** What this page uses beside events and requests. @defaultValue [] */
  readonly features?: ReadonlyArray<PageFeature<Name>>
}

type WithoutUploads<E> = {
  readonly [K in keyof E as E[K] extends { readonly upload: StandardSchemaV1 } ? never : K]: E[K]
}

type EventsOf<E> = { readonly [K in keyof E as E[K] extends EventEntry ? K : never]: E[K] }

/** The part of a contract that a page speaks with the features `Name`. */
export type PageShape<C extends ContractShape, Name extends FeatureName> = Omit<
  C,
  'client' | 'server'
> & {
  readonly client: 'uploads' extends Name ? Sent<C, 'client'> : WithoutUploads<Sent<C, 'client'>>
  readonly server: 'answers' extends Name ? Sent<C, 'server'> : EventsOf<Sent<C, 'server'>>
}

/** Typed messages over the session of a page. Its functions may be taken off it. */
export type PageSession<C extends ContractShape, Name extends FeatureName> =
  PageShape<C, Name> extends infer Shape extends ContractShape
    ? Pick<
        TypedSession<Shape, 'client'>,
        | 'incoming'
        | 'unknownEvents'
        | 'send'
        | 'trySend'
        | 'request'
        | 'requestCatching'
        | ('streams' extends Name ? 'stream' : never)
        | ('answers' extends Name ? 'serve' : never)
      >
    : never

/** Typed messages over the connection of a page. Its functions may be taken off it. */
export type PageConnection<C extends ContractShape, Name extends FeatureName> =
  PageShape<C, Name> extends infer Shape extends ContractShape
    ? Pick<
        TypedConnection<Shape>,
        | 'incoming'
        | 'send'
        | 'trySend'
        | 'request'
        | 'requestCatching'
        | ('keptStreams' extends Name ? 'keep' : never)
        | ('answers' extends Name ? 'serve' : never)
      >
    : never
