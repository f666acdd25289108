/**
 * What users see of sessions: their interfaces, how they end, and the transport that carries them.
 */

export type { CloseInfo } from './close-info.ts'
export { PingTimeoutError } from './errors.ts'
export type { DefaultWebSocketSession, Outbound, WebSocketSession } from './session.ts'
export type { ChannelBounds, OverflowPolicy } from './settings.ts'
export type { Transport, TransportAddress, TransportReceiver, WriteOutcome } from './transport.ts'
