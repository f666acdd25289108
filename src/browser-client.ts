/**
 * `towpath/client` in a browser: the same names as on Node, over what a page has.
 */

export { ScopeEndedError, TowpathError } from './base/index.ts'
export { hours, milliseconds, minutes, seconds } from './base/index.ts'
export type { Duration, DurationFields } from './base/index.ts'
export {
  ChannelOverflowError,
  ClosedReceiveChannelError,
  ClosedSendChannelError,
} from './channels/index.ts'
export type { ReceiveChannel, SendChannel } from './channels/index.ts'
export { ConnectError, UpgradeRefusedError } from './client/portable.ts'
export type { ClientSession, ConnectStep } from './client/portable.ts'
export { Frame, MessagesLostError, openWebSocket, webSocket } from './engines/browser/index.ts'
export type { BrowserClientOptions, ClientBlock } from './engines/browser/index.ts'
export { CloseReason, LocalProtocolError } from './protocol/portable.ts'
export type { CloseInfo, Outbound } from './session/index.ts'
