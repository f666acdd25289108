/**
 * The public names of sessions: their interfaces, their ends, and the transport below them.
 */

export type { CloseInfo } from './close-info.ts'
export {
  MemoryBudgetError,
  PingTimeoutError,
  RateLimitError,
  SessionTimeoutError,
} from './errors.ts'
export { LatestBy, latestBy } from './latest-by.ts'
export type { SessionLimitName } from './limit-name.ts'
export type {
  DefaultWebSocketSession,
  Outbound,
  OutgoingChannel,
  WebSocketSession,
} from './session.ts'
export type { ByDirection, QueueStatistics, SessionStatistics } from './statistics.ts'
export type { OverflowPolicy } from '../channels/index.ts'
export type { ChannelBounds, ChannelBoundsOptions } from './channel-bounds.ts'
export type {
  OutgoingBounds,
  OutgoingBoundsOptions,
  RouteSettings,
  SessionOptions,
} from './session-options.ts'
export type { Transport, TransportAddress, TransportReceiver, WriteOutcome } from './transport.ts'
