/**
 * `towpath/interop`: sessions for libraries that take a WebSocket or a stream of Node.
 */

export { asDuplex } from './as-duplex.ts'
export type { DuplexOptions } from './as-duplex.ts'
export { asWebSocket } from './as-web-socket.ts'
export type { WebSocketViewOptions } from './as-web-socket.ts'
export { ConnectionCutError } from './errors.ts'
export type { BinaryType, SocketData } from './payloads.ts'
export type {
  SentCallback,
  WebSocketView,
  WebSocketViewEvent,
  WebSocketViewHandler,
  WebSocketViewListener,
  WebSocketViewSendOptions,
} from './web-socket-view.ts'
