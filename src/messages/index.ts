/**
 * `towpath/messages`: events, requests and streams with a schema each, over any session.
 */

export { bytes, json } from './codec.ts'
export type { Codec } from './codec.ts'
export { contractOf, defineContract } from './contract.ts'
export type {
  Contract,
  ContractShape,
  Entries,
  ErrorSchemas,
  EventEntry,
  RequestEntry,
} from './contract-shape.ts'
export { InvalidMessageError, RequestFailedError, SessionClosedError } from './errors.ts'
export type { BuiltinFailure, InvalidFact, RequestFailedFacts } from './errors.ts'
export type { Asked, Handlers, Incoming, Settled, Side } from './message-types.ts'
export { prepare } from './prepare.ts'
export type { PreparedMessage } from './prepare.ts'
export type { Issue } from '../schema/index.ts'
export { typed } from './typed.ts'
export { typedChannels } from './typed-channels.ts'
export type { ChannelSchemas, TypedChannels } from './typed-channels.ts'
export { typedConnection } from './connection/typed-connection.ts'
export type {
  MessageStream,
  OptionsOf,
  RequestOptions,
  TypedConnection,
  TypedOptions,
  TypedSession,
} from './typed-session.ts'
