/**
 * `towpath/client` in a browser: the same names as on Node, as far as a page can do the same.
 */

export {
  connect,
  Frame,
  MessagesLostError,
  openWebSocket,
  webSocket,
} from './engines/browser/index.ts'
export type { BrowserClientOptions, ClientBlock } from './engines/browser/index.ts'

export {
  ConnectError,
  ConnectionLostError,
  NotConnectedError,
  UpgradeRefusedError,
} from './client/portable.ts'
export type {
  ClientSession,
  ClosedState,
  ConnectingState,
  ConnectionEnd,
  ConnectionState,
  ConnectOptions,
  ConnectStep,
  ConnectTarget,
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
export type { Duration, DurationFields } from './base/index.ts'

export { CloseReason, LocalProtocolError } from './protocol/portable.ts'
export type { CloseCodeName } from './protocol/index.ts'

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

export { PingTimeoutError } from './session/portable.ts'
export type { ChannelBoundsOptions, CloseInfo, Outbound, OverflowPolicy } from './session/index.ts'
