/**
 * `towpath/asyncapi`: a contract as an AsyncAPI 3 document.
 */

export { asyncApi } from './async-api.ts'
export type {
  AsyncApiDocument,
  AsyncApiFacts,
  AsyncApiMessage,
  AsyncApiOperation,
  Reference,
} from './async-api.ts'
export type { JsonSchema } from './json-schema.ts'
