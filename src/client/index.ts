/**
 * The public door of clients: sessions, options, errors, and reconnecting connections.
 */

export type { ClientBlock, WebSocketClient } from './client.ts'
export type { WebSocketClientOptions } from './opening/client-options.ts'
export type {
  ClientResponse,
  ClientSession,
  WebSocketClientSession,
} from './opening/client-session.ts'
export type { ConnectOptions, ConnectTarget } from './reconnecting/connect.ts'
export { ClientClosedError, ConnectError, UpgradeRefusedError } from './opening/errors.ts'
export type { ConnectStep } from './opening/errors.ts'
export type { HeartbeatOptions, HeartbeatState } from './reconnecting/heartbeat.ts'
export { ConnectionLostError, NotConnectedError } from './reconnecting/reconnect-errors.ts'
export type {
  KeepOptions,
  OpenedFacts,
  ReconnectingOptions,
  ReconnectOptions,
  WhileAway,
} from './reconnecting/reconnect-options.ts'
export type {
  ClosedState,
  ConnectingState,
  ConnectionEnd,
  ConnectionState,
  OpenState,
  Setback,
  WaitingState,
} from './reconnecting/reconnect-state.ts'
export type { ReconnectingWebSocket } from './reconnecting/reconnecting-websocket.ts'
export type { HeaderFields } from './opening/request-headers.ts'
