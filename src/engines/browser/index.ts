/**
 * The engine for browsers: a client without a server.
 */

export type { BrowserClientOptions } from './browser-options.ts'
export { connect } from './connect.ts'
export { MessagesLostError } from './errors.ts'
export { Frame } from './frame.ts'
export { openWebSocket, webSocket } from './open.ts'
export type { ClientBlock } from './open.ts'
