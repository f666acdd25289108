/**
 * `towpath/client` on Node: sessions with any WebSocket server, and everything that a program needs
 * beside them.
 */

export { connect, createWebSocketClient, openWebSocket, webSocket } from './engines/node/index.ts'
export type {
  ClientTlsOptions,
  Http2Mode,
  NodeClientOptions,
  TransportMode,
} from './engines/node/index.ts'

export {
  ClientClosedError,
  ConnectError,
  ConnectionLostError,
  NotConnectedError,
  UpgradeRefusedError,
} from './client/index.ts'
export type {
  ClientBlock,
  ClientResponse,
  ClientSession,
  ClosedState,
  ConnectingState,
  ConnectionEnd,
  ConnectionState,
  ConnectOptions,
  ConnectStep,
  ConnectTarget,
  HeaderFields,
  HeartbeatOptions,
  HeartbeatState,
  KeepOptions,
  OpenedFacts,
  OpenState,
  ReconnectingOptions,
  ReconnectingWebSocket,
  ReconnectOptions,
  Setback,
  WaitingState,
  WebSocketClient,
  WebSocketClientOptions,
  WebSocketClientSession,
  WhileAway,
} from './client/index.ts'

export {
  hours,
  milliseconds,
  minutes,
  ScopeEndedError,
  seconds,
  TowpathError,
} from './base/index.ts'
export type { DelayOptions, Duration, DurationFields } from './base/index.ts'

export {
  CloseReason,
  Frame,
  FrameTooBigError,
  FrameType,
  HandshakeError,
  LocalProtocolError,
  PreparedFrame,
  ProtocolViolation,
  ProtocolViolationError,
  TooManyFragmentsError,
} from './protocol/index.ts'
export type { CloseCodeName, Preparable } from './protocol/index.ts'

export {
  ChannelOverflowError,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
  ReceiveTimeoutError,
} from './channels/index.ts'
export type {
  ReceiveChannel,
  ReceivedEnd,
  ReceivedValue,
  ReceiveOptions,
  ReceiveResult,
  SendChannel,
  SendOptions,
  TryReceiveResult,
  TrySendResult,
} from './channels/index.ts'

export {
  CompressionBudget,
  CompressionRatioError,
  ExtensionConflictError,
  permessageDeflate,
} from './extensions/index.ts'
export type {
  Extension,
  ExtensionAgreement,
  ExtensionContext,
  ExtensionFrame,
  ExtensionParameters,
  ExtensionSession,
  PermessageDeflate,
  PermessageDeflateOptions,
} from './extensions/index.ts'

export { latestBy, PingTimeoutError, RateLimitError, SessionTimeoutError } from './session/index.ts'
export type {
  ChannelBoundsOptions,
  CloseInfo,
  DefaultWebSocketSession,
  LatestBy,
  Outbound,
  OutgoingChannel,
  OutgoingBoundsOptions,
  OverflowPolicy,
  SessionOptions,
  WebSocketSession,
} from './session/index.ts'
