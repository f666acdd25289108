/**
 * The public door of the engine on Node: an embedded server, attaching to an existing server, and a
 * client.
 */

export { attach } from './attach.ts'
export type { Attachment, AttachOptions, UnclaimedPolicy } from './attach.ts'
export { connect, createWebSocketClient, openWebSocket, webSocket } from './dialing/client.ts'
export type { ClientTlsOptions, Http2Mode, NodeClientOptions } from './dialing/client-options.ts'
export type { EmbeddedServerOptions } from './server/embedded-options.ts'
export { embeddedServer } from './embedded-server.ts'
export type { Http2Options } from './http2/http2-options.ts'
export { handleUpgrade } from './upgrades/handle-upgrade.ts'
export type { UpgradeResult } from './upgrades/handle-upgrade.ts'
export { nodeRequest } from './upgrades/node-request.ts'
export { throughMiddleware } from './upgrades/through-middleware.ts'
export type { ConnectMiddleware } from './upgrades/through-middleware.ts'
export { ListenError, NodeRequestError, ServerStoppedError, WorkerStartError } from './errors.ts'
export type { HealthOptions } from './server/health.ts'
export type { HttpListener } from './server/pages.ts'
export type { EmbeddedServer, ServerAddress } from './server/server.ts'
export type { TransportMode } from './transports/transport-choice.ts'
