/**
 * `towpath`: WebSocket applications, one async function per connection.
 */

export {
  AttributeKey,
  Attributes,
  hours,
  milliseconds,
  minutes,
  MissingAttributeError,
  ScopeEndedError,
  seconds,
  TowpathError,
} from './base/index.ts'
export type { Clock, DelayOptions, Duration, DurationFields, WaitingClock } from './base/index.ts'

export {
  createApplication,
  createMemoryBudget,
  definePlugin,
  DuplicatePluginError,
  HandshakeTimeoutError,
  PluginMissingError,
  readiness,
  RouteConflictError,
  SessionLog,
  UpgradeLimitError,
  WebSockets,
} from './application/index.ts'
export type {
  AdmissionSettings,
  AnyParameters,
  Application,
  ApplicationCall,
  ApplicationEvents,
  ApplicationOptions,
  ApplicationRequest,
  ApplicationResponse,
  ApplicationState,
  ApplicationStatistics,
  DefaultWebSocketServerSession,
  Interceptor,
  JoinPaths,
  LimitName,
  Logger,
  MemoryBudget,
  Monitor,
  OriginResolver,
  OriginRule,
  PathParameters,
  Plugin,
  PluginDefinition,
  Readiness,
  RefusalReason,
  RequestOrigin,
  Route,
  SessionLogOptions,
  Sessions,
  StopCounts,
  StopOptions,
  SubprotocolChooser,
  UpgradeAccepted,
  UpgradeOutcome,
  UpgradeRefused,
  UpgradeRequest,
  UpgradeUnclaimed,
  WebSocketHandler,
  WebSocketRawHandler,
  WebSocketRouteOptions,
  WebSocketServerSession,
  WebSocketsOptions,
  WebSocketsSettings,
} from './application/index.ts'

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

export type {
  ByDirection,
  ChannelBounds,
  ChannelBoundsOptions,
  CloseInfo,
  DefaultWebSocketSession,
  LatestBy,
  Outbound,
  OutgoingChannel,
  OutgoingBounds,
  OutgoingBoundsOptions,
  OverflowPolicy,
  QueueStatistics,
  RouteSettings,
  SessionLimitName,
  SessionOptions,
  SessionStatistics,
  Transport,
  TransportAddress,
  TransportReceiver,
  WebSocketSession,
  WriteOutcome,
} from './session/index.ts'
export {
  latestBy,
  MemoryBudgetError,
  PingTimeoutError,
  RateLimitError,
  SessionTimeoutError,
} from './session/index.ts'

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
  attach,
  embeddedServer,
  handleUpgrade,
  ListenError,
  nodeRequest,
  NodeRequestError,
  ServerStoppedError,
  throughMiddleware,
  WorkerStartError,
} from './engines/node/index.ts'
export type {
  Attachment,
  AttachOptions,
  ConnectMiddleware,
  EmbeddedServer,
  EmbeddedServerOptions,
  HealthOptions,
  Http2Options,
  HttpListener,
  ServerAddress,
  TransportMode,
  UnclaimedPolicy,
  UpgradeResult,
} from './engines/node/index.ts'
