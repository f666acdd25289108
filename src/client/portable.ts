/**
 * What of clients runs on every platform, browsers included: no file behind this door needs a module of Node.
 */

export type { ClientSession } from './client-session.ts'
export { connectWith } from './connect.ts'
export type { ConnectOptions, ConnectTarget, SessionOpener } from './connect.ts'
export type { ConnectionHint, ConnectionHints } from './connection-hints.ts'
export { ConnectError, UpgradeRefusedError } from './errors.ts'
export type { ConnectStep } from './errors.ts'
export type { HeartbeatOptions, HeartbeatSettings } from './heartbeat.ts'
export { ConnectionLostError, NotConnectedError } from './reconnect-errors.ts'
export type {
  Backing,
  KeepOptions,
  ReconnectingOptions,
  ReconnectingSettings,
  ReconnectOptions,
} from './reconnect-options.ts'
export type { ReconnectingWebSocket } from './reconnecting.ts'
