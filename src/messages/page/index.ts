/**
 * `towpath/messages/page`: typed messages for pages, which load only the parts that they name.
 */

export { contractOf } from '../contract.ts'
export { RequestFailedError, SessionClosedError } from '../errors.ts'
export { answers, keptStreams, streams, uploads } from './features.ts'
export type { FeatureName, PageFeature } from './features.ts'
export type { PageConnection, PageOptions, PageSession, PageShape } from './page-types.ts'
export { typedPage } from './typed-page.ts'
export { typedPageConnection } from './typed-page-connection.ts'
