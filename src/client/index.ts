/**
 * What users see of clients: their session, their options, what goes wrong, and what dials for them.
 */

export type { ClientBlock, WebSocketClient } from './client.ts'
export type { WebSocketClientOptions } from './client-options.ts'
export type { ClientResponse, ClientSession, WebSocketClientSession } from './client-session.ts'
export { ConnectError, UpgradeRefusedError } from './errors.ts'
export type { ConnectStep } from './errors.ts'
export type { HeaderFields } from './request-headers.ts'
