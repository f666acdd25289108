/**
 * What a page may add to events and requests. Each feature brings the code that it needs: a page
 * that does not import a feature does not load it.
 */

import type { AskOptions, AskParts } from '../calls.ts'
import { Answers } from '../link/answers.ts'
import type { ConnectionMessages } from '../connection/connection-messages.ts'
import { keepOver } from '../connection/keep.ts'
import type { Link } from '../link/link.ts'
import type { LinkFeatures } from '../link/features.ts'
import { uploadOf } from '../link/upload.ts'
import { readHandlers, type Servable, Server } from '../serve.ts'
import { ACT } from '../settings.ts'
import { streamOver } from '../streams.ts'
import type { MessageStream } from '../typed-session.ts'

/** The names of the features. */
export type FeatureName = 'answers' | 'keptStreams' | 'streams' | 'uploads'

/** One of `answers`, `keptStreams`, `streams` and `uploads`. */
export interface PageFeature<Name extends FeatureName> {
  readonly name: Name
}

/** What the features of one page bring; absent: there is no such feature. */
export interface PageParts {
  readonly uploadOf?: AskParts['uploadOf']
  readonly createAnswers?: LinkFeatures['createAnswers']
  readonly serverOf?: (link: Servable, handlers: object) => Server
  readonly keepOver?: (
    connection: ConnectionMessages,
    type: string,
    input: (last: unknown) => unknown,
    options: AskOptions | undefined,
  ) => MessageStream<unknown, unknown>
  readonly streamOver?: (
    link: Link,
    type: string,
    data: unknown,
    options: AskOptions | undefined,
    upload: AskParts['uploadOf'],
  ) => MessageStream<unknown, unknown>
}

// Objects and not calls: a bundler leaves out those that are not used.

const ANSWERS: PageFeature<'answers'> & PageParts = {
  name: 'answers',
  createAnswers: (link) => new Answers(link),
  serverOf: (link, handlers) => new Server(link, readHandlers(link, handlers)),
}

const STREAMS: PageFeature<'streams'> & PageParts = { name: 'streams', streamOver }

const KEPT_STREAMS: PageFeature<'keptStreams'> & PageParts = { name: 'keptStreams', keepOver }

const UPLOADS: PageFeature<'uploads'> & PageParts = { name: 'uploads', uploadOf }

/** Adds `serve` and the requests of the server, which a page without it answers with `UNKNOWN`. */
export const answers: PageFeature<'answers'> = ANSWERS

/** Adds `stream` to a session. */
export const streams: PageFeature<'streams'> = STREAMS

/** Adds `keep` to a connection. */
export const keptStreams: PageFeature<'keptStreams'> = KEPT_STREAMS

/** Adds requests, and streams of a session, that have an `upload`. */
export const uploads: PageFeature<'uploads'> = UPLOADS

/**
 * What `features` bring together.
 *
 * @throws {TypeError} for anything but features.
 */
export function partsOf(features: ReadonlyArray<PageFeature<FeatureName>>): PageParts {
  for (const feature of features) {
    // Each has a part beside its name.
    if (Object.keys(feature ?? {}).length < 2) {
      throw new TypeError(
        `Cannot ${ACT}: option "features" is invalid, expected answers, keptStreams, streams or uploads of towpath/messages/page`,
      )
    }
  }
  return Object.assign({}, ...features) as PageParts
}
