/**
 * The door of clients for every platform, including browsers: no file behind it imports a Node
 * module.
 */

export type { ClientSession } from './opening/client-session.ts'
export { connectWith } from './reconnecting/connect.ts'
export type { ConnectOptions, ConnectTarget, SessionOpener } from './reconnecting/connect.ts'
export type { ConnectionHint, ConnectionHints } from './reconnecting/connection-hints.ts'
export { ConnectError, UpgradeRefusedError } from './opening/errors.ts'
export type { ConnectStep } from './opening/errors.ts'
export type { HeartbeatOptions, HeartbeatSettings } from './reconnecting/heartbeat.ts'
export { ConnectionLostError, NotConnectedError } from './reconnecting/reconnect-errors.ts'
export { RECONNECTING_OPTIONS } from './reconnecting/reconnect-options.ts'
export type {
  BackoffSettings,
  KeepOptions,
  ReconnectingOptions,
  ReconnectingSettings,
  ReconnectOptions,
} from './reconnecting/reconnect-options.ts'
export type { ReconnectingWebSocket } from './reconnecting/reconnecting-websocket.ts'
