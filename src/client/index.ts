/**
 * What users see of clients: their session, their options, what goes wrong, and what dials for them.
 */

export type { ClientBlock, WebSocketClient } from './client.ts'
export type { WebSocketClientOptions } from './client-options.ts'
export type { ClientResponse, ClientSession, WebSocketClientSession } from './client-session.ts'
export type { ConnectOptions, ConnectTarget } from './connect.ts'
export { ConnectError, UpgradeRefusedError } from './errors.ts'
export type { ConnectStep } from './errors.ts'
export type { HeartbeatOptions, HeartbeatState } from './heartbeat.ts'
export { ConnectionLostError, NotConnectedError } from './reconnect-errors.ts'
export type {
  KeepOptions,
  OpenedFacts,
  ReconnectingOptions,
  ReconnectOptions,
  WhileAway,
} from './reconnect-options.ts'
export type {
  ClosedState,
  ConnectingState,
  ConnectionEnd,
  ConnectionState,
  OpenState,
  Setback,
  WaitingState,
} from './reconnect-state.ts'
export type { ReconnectingWebSocket } from './reconnecting.ts'
export type { HeaderFields } from './request-headers.ts'
